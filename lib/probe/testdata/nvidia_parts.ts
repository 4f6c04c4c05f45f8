/**
 * Pieces of NVIDIA trees. Line formats of `information` with their spaces and tabs:
 * NVIDIA/open-gpu-kernel-modules kernel-open/nvidia/nv-procfs.c (595.45.04).
 *
 * @module
 */

import { merge, OPENS, pciFunction, type Tree } from "./tree.ts";

export interface NvidiaBlock {
  readonly pci: string;
  readonly minor: number;
  readonly model: string;
  /** Null leaves the line out, as the driver does while its cache is not valid. */
  readonly uuid: string | null;
  readonly bios: string;
  readonly bus: "PCIe" | "PCI";
  readonly bits: number;
  readonly mask: string;
  readonly irq: number;
  /** Null leaves the line out, as old drivers do. */
  readonly firmware: string | null;
  readonly excluded?: "Yes" | "No";
}

export function information(block: NvidiaBlock): Tree {
  const lines = [
    `Model: \t\t ${block.model}`,
    `IRQ:   \t\t ${block.irq}`,
    ...block.uuid === null ? [] : [`GPU UUID: \t ${block.uuid}`],
    `Video BIOS: \t ${block.bios}`,
    `Bus Type: \t ${block.bus}`,
    `DMA Size: \t ${block.bits} bits`,
    `DMA Mask: \t ${block.mask}`,
    `Bus Location: \t ${block.pci}`,
    `Device Minor: \t ${block.minor}`,
    ...block.firmware === null ? [] : [`GPU Firmware: \t ${block.firmware}`],
    `GPU Excluded:\t ${block.excluded ?? "No"}`,
  ];
  return { [`/proc/driver/nvidia/gpus/${block.pci}/information`]: lines.join("\n") + "\n" };
}

/** The nodes that CUDA opens besides the GPUs' own (NVIDIA/nvidia-container-toolkit#1203). */
export const CONTROL_NODES: Tree = {
  "/dev/nvidiactl": OPENS,
  "/dev/nvidia-uvm": OPENS,
  "/dev/nvidia-uvm-tools": OPENS,
  "/dev/nvidia-modeset": OPENS,
};

export function version(line: string): Tree {
  return {
    "/proc/driver/nvidia/version":
      `NVRM version: ${line}\nGCC version:  gcc version 13.3.0 (Ubuntu 13.3.0-6ubuntu2~24.04)\n`,
  };
}

/** nix-community/nixGL#186. */
export const OPEN_MODULE = version(
  "NVIDIA UNIX Open Kernel Module for x86_64  565.57.01  Release Build  " +
    "(dvs-builder@U16-A24-9-2)  Thu Oct 10 12:15:00 UTC 2024",
);

/** RTX 3090 passed through to a virtual machine: public dump of 590.48.01. */
export const RTX_3090: NvidiaBlock = {
  pci: "0000:01:00.0",
  minor: 0,
  model: "NVIDIA GeForce RTX 3090",
  uuid: "GPU-eaf23aa1-4d3d-596c-da66-b86b0e5db584",
  bios: "94.02.26.40.81",
  bus: "PCI",
  bits: 47,
  mask: "0x7fffffffffff",
  irq: 77,
  firmware: "590.48.01",
};

/** NVIDIA/nvidia-container-toolkit internal/info/proc/information_files.go. */
export const V100: NvidiaBlock = {
  pci: "0000:06:00.0",
  minor: 0,
  model: "Tesla V100-SXM2-16GB",
  uuid: "GPU-edfee158-11c1-52b8-0517-92f30e7fac88",
  bios: "88.00.41.00.01",
  bus: "PCIe",
  bits: 47,
  mask: "0x7fffffffffff",
  irq: 408,
  firmware: null,
};

/** A workstation: one RTX 3090 with its audio function (0x2204 for this card is derived). */
export const RTX_3090_HOST: Tree = merge(
  OPEN_MODULE,
  information(RTX_3090),
  pciFunction("0000:01:00.0", "10de", "2204", "030000"),
  pciFunction("0000:01:00.1", "10de", "1aef", "040300"),
  CONTROL_NODES,
  { "/dev/nvidia0": OPENS },
);
