/**
 * 8x H100 SXM with NVSwitch.
 *
 * Sources: the H100 block and PCI words of 0000:62:00.0 from landontclipp.github.io/sysadmin/gpu;
 * PCI address to minor map of a real 8-GPU host whose minors are not in PCI order, from the
 * Princeton jobstats exporter's documentation; node names of an 8x Hopper host with NVSwitch from a
 * public 580.126.20 command line; NVSwitch id and class from NVIDIA/nvtrust#124.
 * Derived: putting the H100 block on that map, and the last two digits of each UUID.
 *
 * @module
 */

import { CONTROL_NODES, information, type NvidiaBlock, OPEN_MODULE } from "./nvidia_parts.ts";
import { merge, OPENS, pciFunction, range, type Tree, without } from "./tree.ts";

/** PCI address and minor, in PCI order. */
export const H100_MINORS = [
  ["0000:07:00.0", 2],
  ["0000:0b:00.0", 3],
  ["0000:48:00.0", 0],
  ["0000:4c:00.0", 1],
  ["0000:88:00.0", 6],
  ["0000:8b:00.0", 7],
  ["0000:c8:00.0", 4],
  ["0000:cb:00.0", 5],
] as const;

export function h100Uuid(minor: number): string {
  return `GPU-9221d5d1-b60b-a624-bf14-0a1819cfda${(0x3b + minor).toString(16)}`;
}

function block(pci: string, minor: number): NvidiaBlock {
  return {
    pci,
    minor,
    model: "NVIDIA H100 80GB HBM3",
    uuid: h100Uuid(minor),
    bios: "96.00.99.00.01",
    bus: "PCIe",
    bits: 52,
    mask: "0xfffffffffffff",
    irq: 10,
    firmware: "535.129.03",
  };
}

export const H100_HOST: Tree = merge(
  OPEN_MODULE,
  ...H100_MINORS.map(([pci, minor]) => information(block(pci, minor))),
  ...H100_MINORS.map(([pci]) => pciFunction(pci, "10de", "2330", "030200")),
  ...range(0, 4).map((n) => pciFunction(`0000:0${n}:00.0`, "10de", "22a3", "068000")),
  CONTROL_NODES,
  ...range(0, 8).map((minor) => ({ [`/dev/nvidia${minor}`]: OPENS })),
  {
    "/dev/nvidia-nvlink": OPENS,
    "/dev/nvidia-nvswitchctl": OPENS,
    "/dev/nvidia-nvswitch0": OPENS,
    "/dev/nvidia-nvswitch1": OPENS,
    "/dev/nvidia-nvswitch2": OPENS,
    "/dev/nvidia-nvswitch3": OPENS,
    "/dev/nvidia-caps/nvidia-cap1": OPENS,
    "/dev/nvidia-caps/nvidia-cap2": OPENS,
  },
);

/**
 * A container on that host without GPUs: PCI and /proc still show the host's (statements of
 * maintainers, NVIDIA/nvidia-docker#170; the listing itself is derived).
 */
export const H100_CONTAINER_WITHOUT: Tree = without(H100_HOST, /^\/dev\//);

/** One GPU injected by CDI: it keeps the host's minor (NVIDIA/nvidia-container-toolkit#1203). */
export const H100_CONTAINER_CDI_6: Tree = merge(H100_CONTAINER_WITHOUT, CONTROL_NODES, {
  "/dev/nvidia6": OPENS,
});

/**
 * The same by nvidia-container-cli, which mounts an empty tmpfs over /proc/driver/nvidia
 * (NVIDIA/libnvidia-container#105).
 */
export const H100_CONTAINER_LEGACY_6: Tree = without(H100_CONTAINER_CDI_6, /^\/proc\/driver/);

/**
 * MIG on minor 0 of the host: directories of live instances and the minors file
 * (NVIDIA/nvidia-container-toolkit internal/nvcaps/nvcaps_test.go; MIG user guide).
 */
export const H100_MIG: Tree = merge(H100_HOST, {
  "/proc/driver/nvidia-caps/mig-minors":
    "config 1\nmonitor 2\ngpu0/gi0/access 3\ngpu0/gi0/ci0/access 4\n",
  "/proc/driver/nvidia/capabilities/mig/config":
    "DeviceFileMinor: 1\nDeviceFileMode: 256\nDeviceFileModify: 1\n",
  "/proc/driver/nvidia/capabilities/gpu0/mig/gi0/access":
    "DeviceFileMinor: 3\nDeviceFileMode: 292\nDeviceFileModify: 1\n",
  "/proc/driver/nvidia/capabilities/gpu0/mig/gi0/ci0/access":
    "DeviceFileMinor: 4\nDeviceFileMode: 292\nDeviceFileModify: 1\n",
});
