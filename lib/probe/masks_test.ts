import assert from "assert";
import type { Device } from "./device.ts";
import { maskAmd, type Masked, maskNvidia } from "./masks.ts";

function device(uuid: string | null, n = 0): Device {
  return {
    name: "GPU",
    accelerator_type: null,
    uuid,
    pci: `0000:0${n}:00.0`,
    memory_bytes: null,
    integrated: null,
    aside: null,
  };
}

const FOUR = ["BABABABABABABABA", "ABBAABBAABBAABBA", "BABAABBAABBABABA", "ABBABABABABAABBA"]
  .map((hex, n) => device(`GPU-${hex}`, n));

const ids = (masked: Masked) => masked.slots.map((slot) => slot.id);
const places = (masked: Masked) =>
  masked.slots.map((slot) => FOUR.findIndex((entry) => entry.pci === slot.device?.pci));

Deno.test("CUDA: unset shows all, empty and NoDevFiles and -1 none", () => {
  assert.deepEqual(ids(maskNvidia(FOUR, {})), ["0", "1", "2", "3"]);
  for (const none of ["", "NoDevFiles", "-1", " "]) {
    assert.deepEqual(ids(maskNvidia(FOUR, { CUDA_VISIBLE_DEVICES: none })), [], none);
  }
});

Deno.test("CUDA: the list ends at the first entry that names nothing", () => {
  const cuda = (value: string) => ids(maskNvidia(FOUR, { CUDA_VISIBLE_DEVICES: value }));
  assert.deepEqual(cuda("0,2,-1,1"), ["0", "2"]);
  assert.deepEqual(cuda("1,9,2"), ["1"]);
  assert.deepEqual(cuda("1,1,2"), ["1"]);
  assert.deepEqual(cuda("3, 2"), ["3", "2"]);
  assert.deepEqual(cuda("0,x"), ["0"]);
});

Deno.test("CUDA: UUIDs may be cut short while they name one GPU, and stay the ids", () => {
  const cuda = (value: string) => maskNvidia(FOUR, { CUDA_VISIBLE_DEVICES: value });
  assert.deepEqual(ids(cuda("GPU-babaabba,0")), ["GPU-babaabba", "0"]);
  assert.deepEqual(places(cuda("GPU-babaabba,0")), [2, 0]);
  assert.deepEqual(ids(cuda("GPU-ABBA")), [], "two GPUs begin like this");
  assert.deepEqual(ids(cuda("GPU-BABAABBA,2")), ["GPU-BABAABBA"], "the same GPU twice");
  assert.deepEqual(ids(maskNvidia([device(null)], { CUDA_VISIBLE_DEVICES: "GPU-1234" })), [
    "GPU-1234",
  ], "no UUID is readable, so the word is taken");
});

Deno.test("CUDA: each MIG instance that is listed is a slot", () => {
  const value = "MIG-d9a47cfb-d1f2-d08c-b40e-0812b597ae69,MIG-GPU-ABBAABBAABBAABBA/1/0";
  const masked = maskNvidia(FOUR, { CUDA_VISIBLE_DEVICES: value });
  assert.deepEqual(ids(masked), value.split(","));
  assert.deepEqual(places(masked), [-1, 1]);
});

Deno.test("ROCR: filters, renumbers, and reads an empty value as none", () => {
  const rocr = (value: string) => maskAmd(FOUR, { ROCR_VISIBLE_DEVICES: value });
  assert.deepEqual(places(rocr("3,GPU-BABABABABABABABA,4")), [3, 0]);
  assert.deepEqual(ids(rocr("3,GPU-BABABABABABABABA,4")), ["0", "1"]);
  assert.deepEqual(places(rocr("3,GPU-BABAABBA,GPU-XX")), [3, 2]);
  for (const none of ["", "-1", "GPU-XX"]) assert.deepEqual(ids(rocr(none)), [], none);
});

Deno.test("HIP and CUDA pick among what ROCR left", () => {
  // The effects seen on Frontier: ROCR=1 CUDA=1 shows none, ROCR=1 CUDA=0 shows one.
  const both = (cuda: string) =>
    maskAmd(FOUR, { ROCR_VISIBLE_DEVICES: "1", CUDA_VISIBLE_DEVICES: cuda });
  assert.deepEqual(ids(both("1")), []);
  assert.deepEqual(places(both("0")), [1]);
  assert.equal(both("0").variable, "CUDA_VISIBLE_DEVICES");
});

Deno.test("HIP goes before CUDA; empty values mask nothing; -1 hides all", () => {
  const masked = maskAmd(FOUR, { HIP_VISIBLE_DEVICES: "2", CUDA_VISIBLE_DEVICES: "0,1" });
  assert.deepEqual(ids(masked), ["2"]);
  assert.ok(masked.notes.some((note) => note.code === "mask-conflict"));
  const empty = maskAmd(FOUR, { HIP_VISIBLE_DEVICES: "", CUDA_VISIBLE_DEVICES: "" });
  assert.deepEqual(ids(empty), ["0", "1", "2", "3"]);
  assert.deepEqual(empty.notes.map((note) => note.code), ["empty-mask", "empty-mask"]);
  assert.deepEqual(ids(maskAmd(FOUR, { HIP_VISIBLE_DEVICES: "", CUDA_VISIBLE_DEVICES: "1" })), [
    "1",
  ]);
  assert.deepEqual(ids(maskAmd(FOUR, { CUDA_VISIBLE_DEVICES: "-1" })), []);
});
