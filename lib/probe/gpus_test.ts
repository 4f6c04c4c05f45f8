import assert from "assert";
import { GpuCountError, probe } from "./gpus.ts";
import { RAPHAEL_AND_RX_6600 } from "./testdata/amd_desktop.ts";
import { NOTHING, OTHER_ACCELERATORS } from "./testdata/containers.ts";
import { H100_HOST } from "./testdata/h100.ts";
import { information, RTX_3090, RTX_3090_HOST } from "./testdata/nvidia_parts.ts";
import { merge, OPENS, pciFunction, treeHost } from "./testdata/tree.ts";

const h100 = treeHost(H100_HOST);

Deno.test("a host with none has none, and nothing to say about it", () => {
  assert.deepEqual(probe({ host: treeHost(NOTHING) }), {
    vendor: null,
    gpus: [],
    accelerator_types: [],
    masked_by: null,
    driver_version: null,
    notes: [],
  });
});

Deno.test("a mask limits what is handed out, and its entries are the ids", () => {
  const { gpus, masked_by, notes } = probe({ host: h100, env: { CUDA_VISIBLE_DEVICES: "6,2" } });
  assert.deepEqual(gpus.map((gpu) => [gpu.index, gpu.id, gpu.pci]), [
    [0, "6", "0000:c8:00.0"],
    [1, "2", "0000:48:00.0"],
  ]);
  assert.equal(masked_by, "CUDA_VISIBLE_DEVICES");
  assert.match(notes[0]!.text, /CUDA_VISIBLE_DEVICES=6,2 was set .* 2 of 8 GPUs are handed out\./);
});

Deno.test("a mask that names a small integrated GPU wants it", () => {
  const host = treeHost(RAPHAEL_AND_RX_6600);
  for (const env of [{ HIP_VISIBLE_DEVICES: "0" }, { ROCR_VISIBLE_DEVICES: "0" }]) {
    const { gpus } = probe({ host, env });
    assert.deepEqual(gpus.map((gpu) => [gpu.id, gpu.integrated]), [["0", true]]);
  }
});

Deno.test("a count by hand goes before the files, the flag before the variable", () => {
  const { gpus, notes } = probe({ host: treeHost(NOTHING), override: 3 });
  assert.deepEqual(gpus.map((gpu) => gpu.id), ["0", "1", "2"]);
  assert.match(notes[0]!.text, /--num-gpus says 3 GPUs; the files show 0/);
  assert.equal(probe({ host: h100, env: { BEAM_NUM_GPUS: "2" } }).gpus.length, 2);
  assert.equal(probe({ host: h100, env: { BEAM_NUM_GPUS: "2" }, override: "5" }).gpus.length, 5);
  assert.equal(probe({ host: h100, override: 0 }).gpus.length, 0);
});

Deno.test("a count of 1 takes the card, not the integrated GPU that has number 0", () => {
  const { gpus } = probe({ host: treeHost(RAPHAEL_AND_RX_6600), override: 1 });
  assert.deepEqual(gpus.map((gpu) => gpu.id), ["1"]);
});

Deno.test("a count under a mask takes the mask's entries and never more", () => {
  const env = { CUDA_VISIBLE_DEVICES: "4,5" };
  assert.deepEqual(
    probe({ host: treeHost(NOTHING), env, override: 2 }).gpus.map((gpu) => gpu.id),
    ["4", "5"],
  );
  assert.throws(
    () => probe({ host: h100, env, override: 3 }),
    (error: unknown) =>
      error instanceof GpuCountError &&
      /Cannot offer 3 GPUs \(--num-gpus\): CUDA_VISIBLE_DEVICES lists 2/.test(error.problem),
  );
});

Deno.test("without hardware a HIP mask makes the counted GPUs AMD's", () => {
  const env = { HIP_VISIBLE_DEVICES: "0,1" };
  assert.equal(probe({ host: treeHost(NOTHING), env, override: 2 }).vendor, "amd");
  assert.equal(probe({ host: treeHost(NOTHING), override: 2 }).vendor, null);
});

Deno.test("several models: told, unless CUDA already counts by PCI", () => {
  const host = treeHost(merge(
    RTX_3090_HOST,
    information({
      ...RTX_3090,
      pci: "0000:02:00.0",
      minor: 1,
      model: "NVIDIA GeForce RTX 4090",
      uuid: null,
    }),
    pciFunction("0000:02:00.0", "10de", "2684", "030000"),
    { "/dev/nvidia1": OPENS },
  ));
  const { notes, accelerator_types } = probe({ host });
  assert.deepEqual(notes.map((note) => note.code), ["mixed-models"]);
  assert.deepEqual(accelerator_types, ["GeForce-RTX-3090", "GeForce-RTX-4090"]);
  assert.deepEqual(probe({ host, env: { CUDA_DEVICE_ORDER: "PCI_BUS_ID" } }).notes, []);
});

Deno.test("other accelerators are named and not counted", () => {
  const { vendor, gpus, notes } = probe({ host: treeHost(OTHER_ACCELERATORS) });
  assert.equal(vendor, null);
  assert.deepEqual(gpus, []);
  const texts = Object.fromEntries(notes.map((note) => [note.code, note.text]));
  assert.match(texts["intel-gpu"]!, /^1 Intel graphics \(8086:e20b\)/);
  assert.match(texts.npu!, /^2 NPU \(8086:643e, 1022:17f0\)/);
  assert.match(texts.ascend!, /^2 Ascend NPU .*--resources '\{"NPU": 2\}'/);
  // Group 96 is a network card.
  assert.match(texts.tpu!, /^1 TPU chip/);
});
