/**
 * DGX Spark (GB10, aarch64).
 *
 * Sources: PCI list from wiki.gentoo.org/wiki/DGX_Spark; soc0, DMI and meminfo from
 * open-mpi/hwloc tests/hwloc/linux/nvidia-dgx-gb10.tar.bz2; minor 0 of GPU 000f:01:00.0 from a
 * kernel log (`NVRM: GPU 000f:01:00.0: ... device minor number 0`); driver version 580.95.05.
 * Derived: the `information` text (format of nv-procfs.c; no recording of it is public), its UUID,
 * and the device nodes (nvidia.ko, as on any PCI GPU).
 *
 * @module
 */

import { CONTROL_NODES, information, version } from "./nvidia_parts.ts";
import { merge, OPENS, pciFunction, type Tree } from "./tree.ts";

export const SPARK_MEMORY_KB = 125508468;

export const DGX_SPARK: Tree = merge(
  version(
    "NVIDIA UNIX Open Kernel Module for aarch64  580.95.05  Release Build  (dvs-builder)",
  ),
  information({
    pci: "000f:01:00.0",
    minor: 0,
    model: "NVIDIA GB10",
    uuid: "GPU-00000000-0000-0000-0000-00000000000f",
    bios: "9a.0b.1a.00.00",
    bus: "PCIe",
    bits: 52,
    mask: "0xfffffffffffff",
    irq: 0,
    firmware: "580.95.05",
  }),
  pciFunction("000f:00:00.0", "10de", "22d1", "060400"),
  pciFunction("000f:01:00.0", "10de", "2e12", "030000"),
  pciFunction("0000:00:00.0", "10de", "22ce", "060400"),
  pciFunction("0002:00:00.0", "10de", "22d0", "060400"),
  pciFunction("0000:01:00.0", "15b3", "1021", "020000"),
  CONTROL_NODES,
  {
    "/dev/nvidia0": OPENS,
    "/sys/devices/soc0/family": "jep106:0426\n",
    "/sys/devices/soc0/soc_id": "jep106:0426:8901\n",
    "/sys/devices/virtual/dmi/id/product_name": "NVIDIA_DGX_Spark\n",
    "/proc/meminfo": `MemTotal:       ${SPARK_MEMORY_KB} kB\nMemFree:        67271204 kB\n` +
      "MemAvailable:   121737812 kB\n",
  },
);
