/**
 * The GPU probe: which GPUs this machine can hand out, from files alone. No library of a vendor is
 * loaded and no GPU is started.
 *
 * @module
 */

import { findAmd } from "./amd.ts";
import type { Device, Finding, Note } from "./device.ts";
import { type Host, systemHost } from "./host.ts";
import { type Environment, maskAmd, type Masked, maskNvidia, type Slot } from "./masks.ts";
import { findNvidia } from "./nvidia.ts";
import { nvidiaDriverVersion } from "./nvidia_files.ts";
import { otherAccelerators } from "./others.ts";
import { overrideSlots, readOverride } from "./override.ts";
import { scanPci } from "./pci.ts";
import { findTegra, isTegra } from "./tegra.ts";
import type { GpuVendor } from "./visibility.ts";

export type { Note } from "./device.ts";
export { GpuCountError } from "./errors.ts";
export { deviceEnvironment, type GpuVendor } from "./visibility.ts";

export interface Gpu {
  /** Position in this list, 0 up: what the cluster counts by. */
  readonly index: number;
  /**
   * What goes into the vendor's visibility variable: the ordinal in the vendor runtime's order, or
   * the entry of the mask that beam was started under.
   */
  readonly id: string;
  readonly name: string;
  readonly accelerator_type: string | null;
  readonly uuid: string | null;
  readonly pci: string | null;
  readonly memory_bytes: number | null;
  readonly integrated: boolean | null;
}

export interface GpuProbe {
  readonly vendor: GpuVendor | null;
  readonly gpus: readonly Gpu[];
  /** Distinct model names of the GPUs, for `accelerator_type:<X>` resources. */
  readonly accelerator_types: readonly string[];
  /** The inherited variable whose entries the ids are, null where ids are ordinals. */
  readonly masked_by: string | null;
  /** Of NVIDIA's kernel driver, on Jetson its L4T number; null where not stated. */
  readonly driver_version: string | null;
  readonly notes: readonly Note[];
}

export interface ProbeOptions {
  /** Folder that stands for `/`. */
  readonly root?: string;
  readonly env?: Environment;
  /** `--num-gpus`; null or absent leaves it to BEAM_NUM_GPUS in `env`, then to the files. */
  readonly override?: string | number | null;
  /** Instead of `root`: a machine held in memory. */
  readonly host?: Host;
}

/**
 * Probes once. The result does not change while the daemon lives: ids given out stay valid.
 *
 * @throws {GpuCountError} if the count given by hand is not a whole number of 0 or more, or is more
 * than an inherited mask lists.
 */
export function probe(options: ProbeOptions = {}): GpuProbe {
  const env = options.env ?? {};
  const host = options.host ?? systemHost(options.root);
  const override = readOverride(options.override ?? null, env);
  const { vendor, finding } = find(host);
  const masked = mask(vendor, finding.devices, env);
  const seen = masked.slots.length;
  const notes = [...finding.notes, ...masked.notes];

  let slots: Slot[];
  if (override !== null) {
    slots = overrideSlots(override, masked);
    notes.push({
      code: "override",
      text: `${override.source} says ${override.count} GPU${override.count === 1 ? "" : "s"}; ` +
        `the files show ${seen}.`,
    });
  } else {
    const choice = leaveAside(masked);
    slots = choice.slots;
    notes.push(...choice.notes);
  }
  const gpus = slots.map(toGpu);
  if (vendor === "nvidia") notes.push(...orderNotes(gpus, env));
  const types = gpus.map((gpu) => gpu.accelerator_type).filter((type) => type !== null);
  return {
    vendor: vendor ?? (slots.length > 0 ? vendorOfMask(masked) : null),
    gpus,
    accelerator_types: [...new Set(types)],
    masked_by: masked.variable,
    driver_version: nvidiaDriverVersion(host),
    notes,
  };
}

/** One vendor per node: an NVIDIA GPU goes before AMD's, whose desktop kind is often a display. */
function find(host: Host): { vendor: GpuVendor | null; finding: Finding } {
  const pci = scanPci(host);
  const others = otherAccelerators(host, pci);
  const tegra = isTegra(host);
  const nvidia = tegra ? findTegra(host) : findNvidia(host, pci);
  const amd = findAmd(host, pci);
  const notes = [...nvidia.notes, ...amd.notes, ...others];
  if (nvidia.devices.length > 0) {
    if (amd.devices.length > 0) {
      notes.push({
        code: "amd-beside-nvidia",
        text: `${amd.devices.length} AMD GPU${amd.devices.length === 1 ? "" : "s"} (${
          amd.devices.map((device) => device.name).join(", ")
        }) beside NVIDIA's, not counted: a node offers one vendor's.`,
      });
    }
    return { vendor: tegra ? "tegra" : "nvidia", finding: { devices: nvidia.devices, notes } };
  }
  return {
    vendor: amd.devices.length > 0 ? "amd" : null,
    finding: { devices: amd.devices, notes },
  };
}

function mask(vendor: GpuVendor | null, devices: readonly Device[], env: Environment): Masked {
  // With nothing to see, the variables still say what kind of machine its owner takes it for.
  const amd = vendor === "amd" || vendor === null &&
      (env.ROCR_VISIBLE_DEVICES !== undefined || Boolean(env.HIP_VISIBLE_DEVICES));
  return amd ? maskAmd(devices, env) : maskNvidia(devices, env);
}

function vendorOfMask(masked: Masked): GpuVendor | null {
  const variable = masked.limit?.variable ?? "";
  return variable.startsWith("HIP") || variable.startsWith("ROCR") ? "amd" : null;
}

/** Small integrated graphics go, unless a mask names them; discrete GPUs are offered first. */
function leaveAside(masked: Masked): { slots: Slot[]; notes: Note[] } {
  const unwanted = masked.variable !== null
    ? []
    : masked.slots.filter((slot) => (slot.device?.aside ?? null) !== null);
  const kept = masked.slots.filter((slot) => !unwanted.includes(slot));
  const notes = unwanted.map(({ id, device }) => ({
    code: "integrated-left-out",
    text: `${device!.name} at ${device!.pci} is ${device!.aside}: not counted. To use it, list ` +
      `its number ${id} in HIP_VISIBLE_DEVICES when starting beam.`,
  }));
  if (masked.variable !== null) return { slots: kept, notes };
  const shares = (slot: Slot) => slot.device?.integrated === true ? 1 : 0;
  return { slots: kept.sort((a, b) => shares(a) - shares(b)), notes };
}

function toGpu({ id, device }: Slot, index: number): Gpu {
  return {
    index,
    id,
    name: device?.name ?? "GPU",
    accelerator_type: device?.accelerator_type ?? null,
    uuid: device?.uuid ?? null,
    pci: device?.pci ?? null,
    memory_bytes: device?.memory_bytes ?? null,
    integrated: device?.integrated ?? null,
  };
}

/** Unlike models: CUDA's default order is by speed, and the ids here are by PCI address. */
function orderNotes(gpus: readonly Gpu[], env: Environment): Note[] {
  if (new Set(gpus.map((gpu) => gpu.name)).size < 2) return [];
  if (env.CUDA_DEVICE_ORDER === "PCI_BUS_ID") return [];
  return [{
    code: "mixed-models",
    text: "The NVIDIA GPUs are of several models, and CUDA numbers those by speed unless told " +
      "otherwise: start beam with CUDA_DEVICE_ORDER=PCI_BUS_ID.",
  }];
}
