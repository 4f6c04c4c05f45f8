/**
 * AMD GPUs: KFD nodes whose render node opens. Render nodes alone over-count (an MI300X owns eight
 * in every mode), and DRM lists cards that a container may not use.
 *
 * @module
 */

import { amdAcceleratorType } from "./accelerator_type.ts";
import { type AmdMemory, isIntegrated, usableBytes } from "./amd_memory.ts";
import type { Device, Finding, Note } from "./device.ts";
import { exists, type Host, numberOf, textOf } from "./host.ts";
import {
  cardAddress,
  computeUnits,
  gfxName,
  isAmdGpu,
  type KfdNode,
  kfdNodes,
  property,
  rocrUuid,
} from "./kfd.ts";
import { memoryTotal } from "./meminfo.ts";
import { hex4, type PciFunction, VENDORS } from "./pci.ts";

/** Below this many compute units an integrated GPU drives a display and little else. */
const FEW_UNITS = 8;

const DISPLAY_OR_COMPUTE = new Set([0x0300, 0x0302, 0x0380, 0x1200]);

interface Join {
  readonly node: KfdNode;
  readonly minor: number | null;
  readonly card: string | null;
  /** Folder of the card's DRM files, null where neither its render minor nor its address has one. */
  readonly files: string | null;
}

/** Finds AMD GPUs in the order of ROCr: by KFD node number, among those this process may open. */
export function findAmd(host: Host, pci: readonly PciFunction[]): Finding {
  const notes: Note[] = [];
  const nodes = kfdNodes(host);
  const gpus = nodes.filter((node) => node.refused === null && isAmdGpu(node));
  const masked = nodes.filter((node) => node.refused !== null);
  if (gpus.length === 0 && masked.length === 0) return { devices: [], notes: unseen(host, pci) };
  if (masked.length > 0) {
    notes.push({
      code: "amd-masked",
      text: `${masked.length} KFD node${plural(masked)} (${
        masked.map((n) => n.number).join(", ")
      })` +
        ` refuse${masked.length === 1 ? "s" : ""} to be read (${
          masked[0]!.refused
        }): hidden from ` +
        `this container, not counted.`,
    });
  }
  if (gpus.length === 0) return { devices: [], notes };

  const kfd = host.open("/dev/kfd");
  if (kfd !== "ok") {
    notes.push({
      code: kfd === "ENOENT" ? "amd-kfd-missing" : "amd-kfd-refused",
      text: `The kernel lists ${gpus.length} AMD GPU${plural(gpus)}, but /dev/kfd ${
        kfd === "ENOENT" ? "is not here" : `cannot be opened (${kfd})`
      }: none is counted. ${remedyFor(kfd)}`,
    });
    return { devices: [], notes };
  }
  const joined = gpus.map((node) => join(host, node));
  const open = joined.filter((gpu) => renderNode(host, gpu, notes));
  notes.push(...partitionNotes(host, open));
  const machine = memoryTotal(host);
  return { devices: open.map((gpu) => describe(host, gpu, open, machine)), notes };
}

function describe(host: Host, gpu: Join, all: readonly Join[], machine: number | null): Device {
  const { node, files } = gpu;
  const id = property(node, "device_id") ?? 0;
  const gfx = gfxName(node);
  const memory: AmdMemory = {
    gfx,
    bank_bytes: node.bank_bytes,
    vram: files === null ? null : numberOf(host, `${files}/mem_info_vram_total`),
    gtt: files === null ? null : numberOf(host, `${files}/mem_info_gtt_total`),
    board: files !== null && (textOf(host, `${files}/mem_info_vram_vendor`) !== null ||
      textOf(host, `${files}/board_info`) !== null),
  };
  const integrated = isIntegrated(memory);
  const units = computeUnits(node);
  const type = amdAcceleratorType(id);
  const product = files === null ? null : textOf(host, `${files}/product_name`);
  const uuid = rocrUuid(node);
  return {
    name: product ?? type?.replaceAll("-", " ") ?? `AMD ${gfx ?? "GPU"} (1002:${hex4(id)})`,
    accelerator_type: type,
    // Partitions of one card may share an id, and ROCr lets a shared one select nothing.
    uuid: all.filter((other) => rocrUuid(other.node) === uuid).length === 1 ? uuid : null,
    pci: gpu.card,
    memory_bytes: usableBytes(memory, machine),
    integrated,
    aside: units < FEW_UNITS && integrated !== false
      ? `integrated graphics with ${units} compute units`
      : null,
  };
}

/** By render minor first; a partition's own render node has no card files, its PCI card has. */
function join(host: Host, node: KfdNode): Join {
  const card = cardAddress(node);
  const folder = card === null ? null : `/sys/bus/pci/devices/${card}`;
  const minor = property(node, "drm_render_minor") ?? minorOf(host, folder);
  const drm = minor === null ? null : `/sys/class/drm/renderD${minor}/device`;
  const files = [drm, folder].find((at) =>
    at !== null && numberOf(host, `${at}/mem_info_vram_total`) !== null
  );
  return { node, minor, card, files: files ?? null };
}

/** Kernels too old to print the render minor still have the card's own drm folder. */
function minorOf(host: Host, folder: string | null): number | null {
  if (folder === null) return null;
  const name = host.list(`${folder}/drm`).find((entry) => /^renderD\d+$/.test(entry));
  return name === undefined ? null : Number(name.slice("renderD".length));
}

function renderNode(host: Host, gpu: Join, notes: Note[]): boolean {
  const path = `/dev/dri/renderD${gpu.minor ?? "?"}`;
  const outcome = gpu.minor === null ? "ENOENT" : host.open(path);
  if (outcome === "ok") return true;
  notes.push({
    code: outcome === "ENOENT" ? "amd-render-missing" : "amd-render-refused",
    text: `KFD node ${gpu.node.number} is an AMD GPU, but ${path} ${
      outcome === "ENOENT" ? "is not here" : `cannot be opened (${outcome})`
    }: not counted. ${remedyFor(outcome)}`,
  });
  return false;
}

function remedyFor(outcome: string): string {
  if (outcome === "ENOENT") {
    return "In a container, pass /dev/kfd and the GPU's /dev/dri/renderD node in.";
  }
  if (outcome === "EACCES") {
    return "The user who runs beam must be in the group that owns it (render, or video).";
  }
  return "The container's device rules must allow it.";
}

function partitionNotes(host: Host, gpus: readonly Join[]): Note[] {
  const cards = new Map<string, number>();
  for (const { card } of gpus) if (card !== null) cards.set(card, (cards.get(card) ?? 0) + 1);
  if (![...cards.values()].some((count) => count > 1)) return [];
  const modes = new Set(
    [...cards.keys()].map((card) =>
      textOf(host, `/sys/bus/pci/devices/${card}/current_compute_partition`)
    ).filter((mode) => mode !== null),
  );
  const how = modes.size > 0 ? ` (${[...modes].join(", ")})` : "";
  return [{
    code: "amd-partitioned",
    text:
      `${cards.size} AMD card${cards.size === 1 ? " is" : "s are"} partitioned${how}: each of ` +
      `the ${gpus.length} partitions counts as one GPU.`,
  }];
}

/** AMD hardware in the PCI tree without a KFD node that describes it. */
function unseen(host: Host, pci: readonly PciFunction[]): Note[] {
  const cards = pci.filter((f) => f.vendor === VENDORS.amd && DISPLAY_OR_COMPUTE.has(f.kind));
  if (cards.length === 0) return [];
  const kfd = exists(host, "/dev/kfd");
  return [{
    code: "amd-no-kfd",
    text: `${cards.length} AMD GPU${plural(cards)} seen on PCI (${
      cards.map((card) => card.address).join(", ")
    }), but ${kfd ? "/dev/kfd has no GPU node for it" : "the kernel has no KFD"}: not counted. ` +
      "ROCm needs the amdgpu driver with KFD.",
  }];
}

function plural(list: readonly unknown[]): string {
  return list.length === 1 ? "" : "s";
}
