import assert from "assert";
import { gpuFaults } from "./gpu_faults.ts";

Deno.test("the hardware's Xids count, with or without a process; a program's own do not", () => {
  const faults = gpuFaults([
    "<4>[   10.0] NVRM: Xid (PCI:0000:62:00): 94, pid=812, name=python, Contained memory error",
    "<4>[   11.0] NVRM: Xid (PCI:0000:62:00): 31, pid=812, name=python, MMU Fault",
    "<4>[   12.0] NVRM: Xid (PCI:0000:62:00): 94, pid=900, name=python, Contained memory error",
    "<4>[   13.0] NVRM: Xid (PCI:0000:63:00): 79, pid='<unknown>', GPU has fallen off the bus.",
    "<6>[   14.0] usb 1-1: new device",
  ].join("\n"));
  assert.deepEqual(faults.map(({ text, count }) => [text, count]), [
    ["the GPU's memory has an error that was contained (Xid 94 of PCI:0000:62:00)", 2],
    ["the GPU has fallen off the bus (Xid 79 of PCI:0000:63:00)", 1],
  ]);
  assert.match(faults[0]!.mend, /nvidia-smi -r/);
});

Deno.test("AMD's hangs count", () => {
  const [fault] = gpuFaults("[ 5.0] amdgpu 0000:03:00.0: amdgpu: GPU reset begin!\n");
  assert.match(fault!.text, /hung and was reset/);
  assert.deepEqual(gpuFaults(""), []);
});
