/**
 * AMD containers, NVIDIA oddities, and machines with other accelerators or none.
 *
 * Sources: EPERM on masked KFD nodes from the kernel's kfd_devcgroup_check_permission and
 * ROCm's libhsakmt/src/topology.c; all cards still in /sys/class/drm from a public report of eight
 * visible and one usable; nodes with KFD vendor 4318 from unslothai/unsloth#10473 (a claim);
 * WSL2 from NVIDIA/OpenShell#1606; POWER9 V100 with numa_status from open-mpi/hwloc
 * tests/hwloc/linux/nvidiagpunumanodes.tar.bz2; 32-bit PCI domain from NVIDIA/nvidia-docker#1316;
 * Intel Arc 8086:e20b and NPU 8086:643e from intel/compute-runtime#949 and inference-snaps-cli;
 * TPU v6e 0x1ae0:0x006f and the network card in /dev/vfio/96 from ray-project/ray#65034.
 * Derived: device ids of the V100 and P100, which nodes of the AMD host are open, and the /dev listings around the sources' lines.
 *
 * @module
 */

import { MI300X_SPX } from "./instinct.ts";
import { gpuNode, MI300X } from "./kfd_parts.ts";
import { CONTROL_NODES, information, OPEN_MODULE, V100 } from "./nvidia_parts.ts";
import { merge, OPENS, pciFunction, refusing, type Tree, without } from "./tree.ts";

/** Two of the eight MI300X passed in (nodes 4 and 7); the others' KFD files refuse. */
export const MI300X_CONTAINER_2: Tree = without(
  refusing(MI300X_SPX, /\/nodes\/[235689]\/(gpu_id|name|properties)$/, "EPERM"),
  /\/dev\/dri\/renderD(?!144$|168$)/,
);

/** /sys is the host's, and neither /dev/kfd nor /dev/dri is here. */
export const MI300X_CONTAINER_WITHOUT: Tree = without(MI300X_SPX, /^\/dev\//);

/** The user is in no group that owns the nodes. */
export const MI300X_NO_GROUP: Tree = refusing(MI300X_SPX, /^\/dev\//, "EACCES");

export const NOTHING: Tree = {
  "/proc/meminfo": "MemTotal: 24684096 kB\n",
  "/dev/null": OPENS,
  ...pciFunction("0000:00:02.0", "1a03", "2000", "030000"),
};

export const WSL2: Tree = { "/dev/dxg": OPENS, "/usr/lib/wsl/lib/libcuda.so.1": "" };

/** A KFD node of another vendor, on a host without GPUs. */
export const FOREIGN_KFD: Tree = merge(
  gpuNode(1, MI300X, { vendor_id: 4318, device_id: 0x2b85 }, 1),
  { "/dev/kfd": OPENS, "/dev/dri/renderD128": OPENS },
);

/** One of six V100 of a POWER9 host; the GPU's memory is a NUMA node. */
export const V100_NUMA: Tree = merge(
  OPEN_MODULE,
  information({ ...V100, pci: "0004:05:00.0" }),
  pciFunction("0004:05:00.0", "10de", "1db1", "030000"),
  CONTROL_NODES,
  {
    "/dev/nvidia0": OPENS,
    "/proc/driver/nvidia/gpus/0004:05:00.0/numa_status":
      "Node:      255\nStatus:    online\nAddress:   40000000000\nSize:      3f0000000\n",
  },
);

/** PCI knows domain 03f8cfdd, the driver's folder keeps its low half. */
export const AZURE_DOMAIN: Tree = merge(
  OPEN_MODULE,
  information({ ...V100, pci: "cfdd:00:00.0", model: "Tesla P100-PCIE-16GB" }),
  pciFunction("3f8cfdd:00:00.0", "10de", "15f8", "030200"),
  CONTROL_NODES,
  { "/dev/nvidia0": OPENS },
);

/** Intel graphics and NPU, AMD NPU, a TPU, a network card in VFIO, Ascend cards up to two digits. */
export const OTHER_ACCELERATORS: Tree = merge(
  pciFunction("0000:03:00.0", "8086", "e20b", "030000"),
  pciFunction("0000:00:0b.0", "8086", "643e", "120000"),
  pciFunction("0000:c5:00.1", "1022", "17f0", "118000"),
  {
    "/dev/accel/accel0": OPENS,
    "/dev/dri/renderD128": OPENS,
    "/dev/vfio/vfio": OPENS,
    "/dev/vfio/0": OPENS,
    "/dev/vfio/96": OPENS,
    "/sys/kernel/iommu_groups/0/devices/0000:00:04.0/vendor": "0x1ae0\n",
    "/sys/kernel/iommu_groups/96/devices/0000:08:00.0/vendor": "0x15b3\n",
    "/dev/davinci0": OPENS,
    "/dev/davinci10": OPENS,
    "/dev/davinci_manager": OPENS,
  },
);
