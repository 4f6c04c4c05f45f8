import assert from "assert";
import type { Gpu, GpuProbe } from "../probe/gpus.ts";
import { machineFacts } from "../probe/machine.ts";
import { meminfo, treeHost } from "../probe/testdata/tree.ts";
import { readingsOf } from "../head/readings.ts";
import type { Reply } from "../wire/messages.ts";
import type { SmiGpu } from "./nvidia_smi.ts";
import { Readings } from "./readings.ts";

const host = treeHost(meminfo(1024 * 1024));

function gpu(index: number, more: Partial<Gpu>): Gpu {
  return {
    index,
    id: String(index),
    name: "NVIDIA H100",
    accelerator_type: "H100",
    uuid: null,
    pci: null,
    memory_bytes: null,
    integrated: false,
    ...more,
  };
}

function readings(gpus: Gpu[], said: SmiGpu[], vendor: GpuProbe["vendor"] = "nvidia") {
  const machine = {
    facts: machineFacts({ host }),
    gpus: { vendor, gpus, accelerator_types: [], masked_by: null, driver_version: null, notes: [] },
  };
  const smi = { read: () => Promise.resolve(said), pids: [], close() {} };
  return new Readings({ machine, folder: "/", host, smi });
}

Deno.test("the command's GPUs are joined to those that the node counts", async () => {
  const said: SmiGpu[] = [
    { uuid: "GPU-a", pci: "0000:18:00.0", name: "A", busy_percent: 1, processes: [] },
    { uuid: "GPU-b", pci: "0000:2a:00.0", name: "B", busy_percent: 2, processes: [] },
    { uuid: "MIG-c", name: "C", busy_percent: 3, processes: [{ pid: 7 }] },
  ];
  const { gpus } = await readings([
    gpu(0, { pci: "0000:2a:00.0" }),
    gpu(1, { uuid: "GPU-a" }),
    gpu(2, { id: "MIG-c" }),
    gpu(3, { uuid: "GPU-gone", memory_bytes: 80 }),
    gpu(4, { id: "1" }),
  ], said).read();
  assert.deepEqual(gpus, [
    { index: 0, uuid: "GPU-b", name: "B", busy_percent: 2, processes: [] },
    { index: 1, uuid: "GPU-a", name: "A", busy_percent: 1, processes: [] },
    { index: 2, uuid: "MIG-c", name: "C", busy_percent: 3, processes: [{ pid: 7 }] },
    { index: 3, name: "NVIDIA H100", uuid: "GPU-gone", memory_total: 80 },
    { index: 4, uuid: "GPU-b", name: "B", busy_percent: 2, processes: [] },
  ]);
});

Deno.test("what a node reads is what the head takes", async () => {
  const read = await readings([gpu(0, {})], []).read();
  const taken = readingsOf({ ...read, took_ms: 1 } as unknown as Reply<"node.readings">);
  assert.deepEqual(taken, read);
  assert.ok(read.daemon!.memory > 0 && read.daemon!.open_files > 0);
});
