/** The machine's memory: swap, overcommit, and memory that CPU and GPU share. */
import { type Check, type Finding, finding } from "../check.ts";
import type { Facts, GpuDevice } from "../facts.ts";
import { sizeText } from "../words.ts";

const GIB = 2 ** 30;
/** What the system, vLLM's own processes and the object store need beside the model, in bytes. */
const RESERVE = 6 * GIB;
/** vLLM's own default. */
const USUAL = 0.9;

export const overcommit: Check = {
  code: "BD029",
  name: "overcommit",
  severity: "warning",
  tells: "the kernel refuses memory that is only reserved, or the machine swaps",
  explain:
    "CUDA and ROCm reserve address space of many times the machine's memory. With vm.overcommit_memory=2 " +
    "the kernel counts that against a limit and refuses. A machine that swaps makes workers miss their " +
    "deadlines. `sysctl vm.overcommit_memory` and `free -h` show both.",
  run({ memory, gpus }) {
    const found: Finding[] = [];
    const { overcommit: mode, commit_limit, committed, total, swap_total, swap_free } = memory;
    const gpu = gpus.devices.length > 0;
    const left = (commit_limit ?? 0) - (committed ?? 0);
    if (mode === 2 && total !== null && (gpu || left < total / 4)) {
      found.push(finding(overcommit, "warning", {
        seen: `vm.overcommit_memory is 2: ${sizeText(Math.max(0, left))} may still be reserved.`,
        breaks:
          "Starting CUDA, or a worker's process, fails with `Cannot allocate memory` while memory is free.",
        mend: "`sudo sysctl vm.overcommit_memory=0`, in /etc/sysctl.d to keep it.",
      }));
    }
    const used = (swap_total ?? 0) - (swap_free ?? 0);
    if (total !== null && used > total / 10) {
      found.push(finding(overcommit, "warning", {
        seen: `${sizeText(used)} of memory are swapped out.`,
        breaks: "What was swapped out comes back from disk: workers stall for seconds.",
        mend:
          "`free -h` and `top -o RES` show who needs so much; where enough is free now, `sudo swapoff -a && sudo swapon -a`.",
      }));
    }
    return found;
  },
};

export const unifiedMemory: Check = {
  code: "BD030",
  name: "unified-memory",
  severity: "warning",
  tells: "CPU and GPU share their memory, and vLLM's usual share of it is not there",
  explain:
    "On a DGX Spark (GB10), a Jetson or an APU such as Strix Halo the GPU uses the machine's own memory. " +
    "vLLM takes `--gpu-memory-utilization` (0.9 where not given) of all of it and ends as it starts where " +
    "that much is not free; the file cache counts as used there, though the kernel would give it back. " +
    "What is left over is all that the system has. `free -h` shows it.",
  run(facts) {
    const { memory, gpus } = facts;
    const device = gpus.devices.find(({ integrated }) => integrated === true);
    const pool = device && poolOf(facts, device);
    if (!device || pool === undefined || memory.available === null) return [];
    const share = Math.floor(100 * (pool.available - RESERVE) / pool.total) / 100;
    const cached = memory.free !== null && memory.available - memory.free > pool.total / 10;
    const few = share < 0.05;
    const tight = share < USUAL;
    const number = Math.max(0.05, Math.min(USUAL, share)).toFixed(2);
    return [
      finding(
        unifiedMemory,
        tight && (few || pool.available < USUAL * pool.total) ? "warning" : "info",
        {
          seen: `${device.name} shares the machine's memory: ${sizeText(pool.available)} of ${
            sizeText(pool.total)
          } are free${cached ? ", most of that as file cache" : ""}.`,
          breaks: few
            ? "No model fits."
            : `vLLM's usual share of ${USUAL} leaves ${
              sizeText(Math.max(0, pool.available - USUAL * pool.total))
            } for everything else on the machine; too little makes it end as it starts, or the kernel kill it.`,
          mend: few
            ? "End what holds the memory (`top -o RES`)."
            : `\`vllm serve … --gpu-memory-utilization ${number}\`${
              cached ? ", after `sync && echo 3 | sudo tee /proc/sys/vm/drop_caches`" : ""
            }.`,
        },
      ),
    ];
  },
};

/** What the GPU may use, and how much of it is free; bytes. */
function poolOf(
  { memory }: Facts,
  device: GpuDevice,
): { total: number; available: number } | undefined {
  if (memory.total === null || memory.available === null) return undefined;
  // An APU's driver has a bound of its own; an NVIDIA driver states none.
  const total = Math.min(device.memory ?? memory.total, memory.total);
  return { total, available: Math.min(memory.available, total - (device.memory_used ?? 0)) };
}
