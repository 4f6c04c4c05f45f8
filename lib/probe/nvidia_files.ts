/**
 * What NVIDIA's driver writes under /proc/driver/nvidia. Inside a container the folder may be the
 * host's whole one, hold only the injected GPUs, or be empty.
 *
 * @module
 */

import { type Host, textOf } from "./host.ts";
import { compareAddresses, normalAddress } from "./pci.ts";

const ROOT = "/proc/driver/nvidia";

export interface NvidiaInformation {
  readonly pci: string;
  readonly model: string | null;
  /** The line is left out while the driver's cache of it is not valid. */
  readonly uuid: string | null;
  /** N of /dev/nvidiaN. Neither CUDA's index nor nvidia-smi's. */
  readonly minor: number | null;
  readonly excluded: boolean;
  /** GPU memory where it is a NUMA node of its own; no other file states it. */
  readonly memory_bytes: number | null;
}

/** All GPUs that the driver lists, by PCI address. */
export function nvidiaInformation(host: Host): NvidiaInformation[] {
  const found: NvidiaInformation[] = [];
  for (const folder of host.list(`${ROOT}/gpus`).sort(compareAddresses)) {
    const pci = normalAddress(folder);
    if (pci === null) continue;
    const lines = labelled(host.read(`${ROOT}/gpus/${folder}/information`).text ?? "");
    const minor = lines.get("Device Minor");
    const uuid = lines.get("GPU UUID");
    found.push({
      pci,
      model: lines.get("Model") || null,
      uuid: uuid !== undefined && /^GPU-[0-9a-f-]{36}$/i.test(uuid) ? uuid : null,
      minor: minor !== undefined && /^\d+$/.test(minor) ? Number(minor) : null,
      // Older drivers say Blacklisted, still older ones say nothing.
      excluded: (lines.get("GPU Excluded") ?? lines.get("Blacklisted")) === "Yes",
      memory_bytes: numaBytes(host.read(`${ROOT}/gpus/${folder}/numa_status`).text),
    });
  }
  return found;
}

/** Whether the driver is loaded, as far as this process can see. */
export function nvidiaDriverUp(host: Host): boolean {
  return textOf(host, `${ROOT}/version`) !== null || host.list(`${ROOT}/gpus`).length > 0;
}

/** The driver's version, or on Jetson its L4T number; null where not stated. */
export function nvidiaDriverVersion(host: Host): string | null {
  // The word order differs between the open, the proprietary and the Jetson module, and the date
  // that follows may be in any language.
  const text = textOf(host, `${ROOT}/version`);
  return text === null ? null : /Module\b.*?\s(\d+\.\d+(?:\.\d+)?)\s/.exec(text)?.[1] ?? null;
}

/** Live MIG instances of the GPU with that minor. Their UUIDs are in no file. */
export function migInstances(host: Host, minor: number): number {
  const at = `${ROOT}/capabilities/gpu${minor}/mig`;
  return host.list(at).filter((name) => /^gi\d+$/.test(name)).length;
}

function labelled(text: string): Map<string, string> {
  const lines = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) lines.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return lines;
}

function numaBytes(text: string | null): number | null {
  const size = labelled(text ?? "").get("Size");
  return size !== undefined && /^[0-9a-f]+$/i.test(size) ? parseInt(size, 16) : null;
}
