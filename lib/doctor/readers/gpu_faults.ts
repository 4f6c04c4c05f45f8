/** Faults of GPUs in the kernel's log that are the GPU's, not a program's. */
import { causeInKernel, isDeviceFault } from "../../node/gpu_faults.ts";
import type { GpuFault } from "../facts.ts";

/** Xids of the hardware, which the driver may tell together with the process that met them. */
const OF_THE_GPU = new Set([48, 61, 62, 63, 64, 74, 79, 92, 94, 95, 119, 120]);

/** Each kind of fault of each GPU once, the latest last. */
export function gpuFaults(log: string): GpuFault[] {
  const found = new Map<string, GpuFault>();
  for (const line of log.split("\n")) {
    const xid = /NVRM: Xid \([^)]*\): (\d+)/.exec(line)?.[1];
    if (xid === undefined ? !isDeviceFault(line) : !OF_THE_GPU.has(Number(xid))) continue;
    const cause = causeInKernel([line]);
    if (!cause) continue;
    const { text, mend } = cause;
    const count = (found.get(text)?.count ?? 0) + 1;
    found.delete(text);
    found.set(text, { text, count, mend });
  }
  return [...found.values()];
}
