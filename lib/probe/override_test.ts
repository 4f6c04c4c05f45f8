import assert from "assert";
import { GpuCountError } from "./errors.ts";
import { maskAmd, maskNvidia } from "./masks.ts";
import { overrideSlots, readOverride } from "./override.ts";

Deno.test("what is no whole number of 0 or more is refused, naming its source", () => {
  for (const wrong of ["-1", "1.5", "two", "", " ", "1e3", "0x2", "99999", -1, 0.5, NaN]) {
    assert.throws(
      () => readOverride(wrong, {}),
      (error: unknown) =>
        error instanceof GpuCountError &&
        error.problem.startsWith(`Cannot take "${wrong}" from --num-gpus`),
      `${wrong}`,
    );
  }
  assert.throws(() => readOverride(null, { BEAM_NUM_GPUS: "-2" }), /"-2" from BEAM_NUM_GPUS/);
});

Deno.test("flag over variable; an empty variable is none", () => {
  assert.deepEqual(readOverride("4", { BEAM_NUM_GPUS: "2" }), { count: 4, source: "--num-gpus" });
  assert.deepEqual(readOverride(null, { BEAM_NUM_GPUS: "2" }), {
    count: 2,
    source: "BEAM_NUM_GPUS",
  });
  assert.equal(readOverride(null, { BEAM_NUM_GPUS: "" }), null);
  assert.equal(readOverride(null, {}), null);
});

Deno.test("a mask that hides all allows a count of 0 only", () => {
  const masked = maskNvidia([], { CUDA_VISIBLE_DEVICES: "" });
  assert.deepEqual(overrideSlots({ count: 0, source: "--num-gpus" }, masked), []);
  assert.throws(
    () => overrideSlots({ count: 1, source: "BEAM_NUM_GPUS" }, masked),
    /CUDA_VISIBLE_DEVICES lists 0.*\nGive BEAM_NUM_GPUS=0 or less/,
  );
});

Deno.test("under ROCR_VISIBLE_DEVICES ids are relative to it", () => {
  const masked = maskAmd([], { ROCR_VISIBLE_DEVICES: "4,5,6" });
  const slots = overrideSlots({ count: 2, source: "--num-gpus" }, masked);
  assert.deepEqual(slots.map((slot) => slot.id), ["0", "1"]);
  assert.throws(() => overrideSlots({ count: 4, source: "--num-gpus" }, masked), GpuCountError);
});
