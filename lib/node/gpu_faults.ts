/** What GPU drivers say in the kernel's log when a device or a program on it fails. */
import type { Cause } from "./death_causes.ts";

const REPLACE =
  "Drain the node, reset the GPU or restart the machine (`nvidia-smi -r`), and replace " +
  "the GPU where it happens again.";
const PROGRAM =
  "Most often the program's own fault (an index out of bounds in a kernel): run it with " +
  "CUDA_LAUNCH_BLOCKING=1 to see which call; where other programs have it too, the GPU is to be tested.";

/** NVIDIA's numbers, from the Xid catalogue of its driver's documentation. */
const XIDS: Readonly<Record<number, Cause>> = {
  13: { text: "a kernel on the GPU raised an exception", mend: PROGRAM },
  31: { text: "a kernel on the GPU read or wrote outside of its memory", mend: PROGRAM },
  43: { text: "the driver stopped it after a fault of its own work", mend: PROGRAM },
  45: {
    text: "the driver stopped its work on the GPU, mostly after another fault",
    mend: "Look for the fault before it with `dmesg | grep Xid` on that node.",
  },
  48: { text: "the GPU's memory has an error that cannot be corrected", mend: REPLACE },
  61: { text: "the GPU's own controller failed", mend: REPLACE },
  62: { text: "the GPU's own controller failed", mend: REPLACE },
  63: { text: "the GPU takes a faulty row of its memory out of use", mend: REPLACE },
  64: { text: "the GPU could not take a faulty row of its memory out of use", mend: REPLACE },
  74: { text: "NVLink failed", mend: REPLACE },
  79: { text: "the GPU has fallen off the bus", mend: REPLACE },
  92: { text: "the GPU corrects many memory errors", mend: REPLACE },
  94: { text: "the GPU's memory has an error that was contained", mend: REPLACE },
  95: { text: "the GPU's memory has an error that was not contained", mend: REPLACE },
  119: { text: "the GPU's own processor does not answer", mend: REPLACE },
  120: { text: "the GPU's own processor failed", mend: REPLACE },
};

/** Lines of GPU drivers that name no process: a fault of the device ends whoever uses it. */
export function isDeviceFault(line: string): boolean {
  if (/NVRM: Xid/.test(line)) return !/pid=\d/.test(line);
  return /amdgpu.*(?:GPU reset begin|GPU hang|ring \S+ timeout|RAS.*uncorrect|poison)/i.test(line);
}

/** The cause that these lines of the kernel name, or undefined. */
export function causeInKernel(lines: readonly string[]): Cause | undefined {
  for (const line of lines) {
    const xid = line.match(/NVRM: Xid \(([^)]*)\): (\d+)/);
    if (xid) {
      const number = Number(xid[2]);
      const known = XIDS[number];
      return {
        text: `${known?.text ?? "the GPU's driver told of a fault"} (Xid ${number} of ${xid[1]})`,
        mend: known?.mend ?? "NVIDIA's documentation of Xid errors says what that number means.",
      };
    }
    if (/amdgpu.*page fault/i.test(line)) {
      return { text: "a kernel on the GPU read or wrote outside of its memory", mend: AMD_PROGRAM };
    }
    if (/amdgpu/i.test(line) && isDeviceFault(line)) {
      return {
        text: "the GPU hung and was reset",
        mend:
          "Look with `dmesg | grep amdgpu` on that node; where it happens again, look after the " +
          "card's driver, firmware, power and temperature.",
      };
    }
  }
  return undefined;
}

const AMD_PROGRAM =
  "Most often the program's own fault (an index out of bounds in a kernel): run it " +
  "with AMD_SERIALIZE_KERNEL=3 to see which call.";
