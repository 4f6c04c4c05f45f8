/**
 * NVIDIA GPUs: `/dev/nvidiaN` that this process may open, named by the driver's files, with the PCI
 * tree as a second witness. A node's number is the driver's minor, given in probe order; CUDA
 * numbers by PCI address, so minors only join files and are never handed out.
 *
 * @module
 */

import { nvidiaAcceleratorType } from "./accelerator_type.ts";
import type { Device, Finding, Note } from "./device.ts";
import { exists, type Host } from "./host.ts";
import { memoryTotal } from "./meminfo.ts";
import {
  migInstances,
  nvidiaDriverUp,
  type NvidiaInformation,
  nvidiaInformation,
} from "./nvidia_files.ts";
import { isGb10, nvidiaModel } from "./nvidia_models.ts";
import { nvidiaNotes } from "./nvidia_notes.ts";
import { compareAddresses, type PciFunction, sameAddress, VENDORS } from "./pci.ts";

/** A node in /dev with what the driver and PCI say of it. */
interface Join {
  readonly minor: number;
  readonly information: NvidiaInformation | null;
  readonly pci: PciFunction | null;
  /** Any card of the same model, where it is not known which card this is. */
  readonly kin: PciFunction | null;
}

/** Finds NVIDIA GPUs in CUDA's PCI order; Jetson is `tegra.ts`. */
export function findNvidia(host: Host, pci: readonly PciFunction[]): Finding {
  // Audio functions, NVSwitches and the Spark's host bridges carry the same vendor.
  const cards = pci.filter((f) =>
    f.vendor === VENDORS.nvidia && (f.kind === 0x0300 || f.kind === 0x0302)
  );
  const listed = nvidiaInformation(host);
  const minors = nodeMinors(host);
  const outcomes = new Map(minors.map((minor) => [minor, host.access(`/dev/nvidia${minor}`)]));
  const open = minors.filter((minor) => outcomes.get(minor) === "ok");
  const blocker = controlBlocker(host, open.length > 0);
  const excluded = new Set(listed.filter((gpu) => gpu.excluded).map((gpu) => gpu.minor));
  const stale = staleMinors(open, listed, cards.length);
  const usable = blocker === null
    ? open.filter((minor) => !excluded.has(minor) && !stale.includes(minor))
    : [];
  const joined = join(usable, listed, cards);

  const notes = nvidiaNotes({
    cards,
    listed,
    outcomes,
    usable,
    stale,
    blocker,
    driver_up: nvidiaDriverUp(host),
    uvm_missing: usable.length > 0 && !exists(host, "/dev/nvidia-uvm"),
    wsl: exists(host, "/dev/dxg"),
    nodes_elsewhere: host.list("/run/nvidia/driver/dev").some((name) => NODE.test(name)),
  });
  return {
    devices: joined.map((gpu) => describe(host, gpu)),
    notes: [...notes, ...migNotes(host, usable)],
  };
}

const NODE = /^nvidia(\d+)$/;

function nodeMinors(host: Host): number[] {
  return host.list("/dev").map((name) => NODE.exec(name)?.[1]).filter((minor) =>
    minor !== undefined
  ).map(Number).sort((a, b) => a - b);
}

/**
 * CUDA opens these before any GPU. One that refuses makes every GPU unusable; one that is missing
 * may only not have been made yet.
 */
function controlBlocker(host: Host, any: boolean): string | null {
  if (!any) return null;
  for (const path of ["/dev/nvidiactl", "/dev/nvidia-uvm"]) {
    const outcome = host.open(path);
    if (outcome !== "ok" && outcome !== "ENOENT") return `${path} cannot be opened (${outcome})`;
  }
  return null;
}

/** Nodes left over from a GPU that is gone: the driver does not list them and PCI has no card. */
function staleMinors(
  open: readonly number[],
  listed: readonly NvidiaInformation[],
  cards: number,
): number[] {
  const known = new Set(listed.map((gpu) => gpu.minor));
  if (known.size === 0 || known.has(null) || cards === 0 || open.length <= cards) return [];
  return open.filter((minor) => !known.has(minor));
}

function join(
  minors: readonly number[],
  listed: readonly NvidiaInformation[],
  cards: readonly PciFunction[],
): Join[] {
  const joined = minors.map((minor): Join => {
    const information = listed.find((gpu) => gpu.minor === minor) ?? null;
    const pci = information === null
      ? null
      : cards.find((card) => sameAddress(card.address, information.pci)) ?? null;
    return { minor, information, pci, kin: pci };
  });
  const rest = cards.filter((card) => !joined.some((gpu) => gpu.pci === card));
  const unnamed = joined.filter((gpu) => gpu.information === null);
  // Where the driver's files are hidden, alike cards still tell the model; and where every card has
  // its node, CUDA's order is theirs, whichever node belongs to which.
  if (rest.length >= unnamed.length && new Set(rest.map((card) => card.device)).size === 1) {
    for (const [i, gpu] of unnamed.entries()) {
      const card = rest.length === unnamed.length ? rest[i]! : null;
      joined[joined.indexOf(gpu)] = { ...gpu, pci: card, kin: rest[i]! };
    }
  }
  const place = (gpu: Join) => gpu.pci?.address ?? gpu.information?.pci ?? `~${gpu.minor}`;
  return joined.sort((a, b) => compareAddresses(place(a), place(b)) || a.minor - b.minor);
}

function describe(host: Host, gpu: Join): Device {
  const { information, pci, kin } = gpu;
  const model = information?.model ?? (kin === null ? null : nvidiaModel(kin.device));
  const integrated = isGb10(kin?.device ?? null, model);
  return {
    name: model ?? "NVIDIA GPU",
    accelerator_type: model === null ? null : nvidiaAcceleratorType(model),
    uuid: information?.uuid ?? null,
    pci: information?.pci ?? pci?.address ?? null,
    memory_bytes: integrated ? memoryTotal(host) : information?.memory_bytes ?? null,
    integrated: integrated ? true : model === null ? null : false,
    aside: null,
  };
}

function migNotes(host: Host, minors: readonly number[]): Note[] {
  return minors.flatMap((minor) => {
    const instances = migInstances(host, minor);
    return instances === 0 ? [] : [{
      code: "mig",
      text:
        `The GPU at /dev/nvidia${minor} is split into ${instances} MIG instance${
          instances === 1 ? "" : "s"
        } and counts as one. Instances are handed out one by one if beam is started with their ` +
        "UUIDs in CUDA_VISIBLE_DEVICES (nvidia-smi -L prints them).",
    }];
  });
}
