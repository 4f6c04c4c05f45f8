/** Whether the machines of a cluster are alike where programs take that for granted. */
import { type CheckText, type Finding, finding } from "../check.ts";
import { type ClusterCheck, type NodePicture } from "./picture.ts";
import { byValue, valuesText } from "./values.ts";

const DRIVER: CheckText = {
  code: "BD070",
  name: "driver-versions",
  severity: "warning",
  tells: "nodes have different versions of the GPU's driver",
  explain:
    "A driver decides which CUDA or ROCm runs; the same image starts on one machine and not on the other. NCCL over " +
    "several machines is tested with one driver.",
};

/** GPU drivers. */
export const drivers: ClusterCheck = {
  ...DRIVER,
  run: ({ nodes }) => {
    const values = byValue(withGpus(nodes), ({ facts }) => facts!.gpus.driver_version ?? undefined);
    if (values.size < 2) return [];
    return [finding(DRIVER, "warning", {
      seen: `The GPU driver is ${valuesText(values)}.`,
      breaks: "A CUDA or ROCm that runs on one node may be refused on another.",
      mend:
        "Install one version on all machines; `nvidia-smi` and `/sys/module/amdgpu/version` show it.",
    })];
  },
};

const GPUS: CheckText = {
  code: "BD071",
  name: "gpu-models",
  severity: "warning",
  tells: "nodes have different models, or different numbers, of GPUs",
  explain:
    "vLLM divides a model evenly: the smallest and slowest GPU decides for all. Pipeline and tensor parallel " +
    "sizes have to fit what each node has.",
};

/** GPU models and counts. */
export const gpuModels: ClusterCheck = {
  ...GPUS,
  run: ({ nodes }): Finding[] => {
    const known = nodes.filter(({ gpus }) => gpus.length > 0);
    const models = byValue(known, ({ gpus }) => [...new Set(gpus)].sort().join(" and "));
    const counts = byValue(known, ({ gpus }) => `${gpus.length}`);
    if (models.size > 1) {
      return [finding(GPUS, "warning", {
        seen: `The GPUs are ${valuesText(models)}.`,
        breaks:
          "A model over all of them is as slow, and has as much memory, as the smallest allows.",
        mend:
          "Keep unlike nodes apart: by `accelerator_type:` resources, labels, or a cluster for each.",
      })];
    }
    if (counts.size < 2) return [];
    return [finding(GPUS, "info", {
      seen: `The number of GPUs is ${valuesText(counts)}.`,
      breaks:
        "`--tensor-parallel-size` has to fit the smallest node where every node takes a stage.",
      mend: "Where a GPU is missing, look there with `beam doctor`.",
    })];
  },
};

const MEMORY: CheckText = {
  code: "BD072",
  name: "memory-kinds",
  severity: "warning",
  tells: "some nodes' GPUs share the machine's memory and others' do not",
  explain: "Where GPU and processor share one memory (DGX Spark, Strix Halo, Jetson), vLLM's " +
    "`--gpu-memory-utilization` is a part of all memory, programs and page cache included; on a GPU with " +
    "memory of its own it is a part of that alone. One value does not fit both.",
};

/** Unified memory beside GPUs with their own. */
export const memoryKinds: ClusterCheck = {
  ...MEMORY,
  run: ({ nodes }) => {
    const values = byValue(withGpus(nodes), ({ facts }) => {
      const known = facts!.gpus.devices.map(({ integrated }) => integrated);
      if (known.some((one) => one === null)) return undefined;
      return known.some(Boolean) ? "shared with the machine" : "the GPU's own";
    });
    if (values.size < 2) return [];
    return [finding(MEMORY, "warning", {
      seen: `GPU memory is ${valuesText(values)}.`,
      breaks:
        "One `--gpu-memory-utilization` for all takes too much on the one or too little on the other.",
      mend: "Start such nodes' engines apart, with a value of 0.7 or less where memory is shared.",
    })];
  },
};

const SHM: CheckText = {
  code: "BD073",
  name: "shm-sizes",
  severity: "info",
  tells: "/dev/shm of one node is a fraction of that of others",
  explain:
    "Containers get 64 MB of /dev/shm unless told otherwise. A node with little of it puts large values on disk, and " +
    "NCCL and PyTorch fail there and nowhere else.",
};
/** So many times smaller is worth a word. */
const FRACTION = 8;

/** Sizes of /dev/shm. */
export const shmSizes: ClusterCheck = {
  ...SHM,
  run: ({ nodes }) => {
    const size = ({ facts }: NodePicture) => facts?.shm?.size ?? undefined;
    // A node that tells of it itself says more.
    const known = nodes.filter((node) =>
      size(node) !== undefined && !node.findings?.some(({ code }) => code === "BD010")
    );
    const sizes = known.map((node) => size(node)!);
    if (sizes.length === 0 || Math.min(...sizes) * FRACTION > Math.max(...sizes)) return [];
    const values = byValue(known, (node) => `${(size(node)! / 2 ** 30).toFixed(1)} GiB`);
    return [finding(SHM, "info", {
      seen: `/dev/shm has ${valuesText(values)}.`,
      breaks: "Where it is small, large values go to disk there.",
      mend: "Start that container with `--shm-size` or `--ipc=host` as on the others.",
    })];
  },
};

function withGpus(nodes: readonly NodePicture[]): NodePicture[] {
  return nodes.filter(({ facts }) => facts !== undefined && facts.gpus.devices.length > 0);
}
