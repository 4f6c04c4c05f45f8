import assert from "assert";
import { labelsMatch } from "./labels.ts";

Deno.test("label selectors read as in Ray", () => {
  const labels = { zone: "a", gpu: "H100" };
  assert.ok(labelsMatch(labels, { zone: "a", gpu: "in(A100, H100)" }));
  assert.ok(labelsMatch(labels, { zone: "!b", rack: "!in(1,2)" }));
  assert.ok(!labelsMatch(labels, { zone: "!a" }));
  assert.ok(!labelsMatch(labels, { rack: "1" }));
  assert.ok(!labelsMatch(labels, { gpu: "!in(H100)" }));
});

Deno.test("a label may be asked to be there, or not", () => {
  assert.ok(labelsMatch({ zone: "a" }, { zone: "exists()", rack: "!exists()" }));
  assert.ok(!labelsMatch({ zone: "a" }, { rack: "exists()" }));
  assert.ok(!labelsMatch({ zone: "a" }, { zone: "!exists()" }));
  assert.ok(!labelsMatch({}, { constructor: "exists()" }), "what every object has is no label");
});
