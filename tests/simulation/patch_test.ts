import assert from "assert";
import { applyPatch } from "./patch.ts";

const TEXT = "a\nb\nc\nd\n";
const patch = (hunk: string) => `Words.\n--- a/x.ts\n+++ b/x.ts\n@@ -1,3 +1,3 @@\n${hunk}\n`;

Deno.test("a hunk is applied wherever its lines are", () => {
  const changed = applyPatch(patch(" b\n-c\n+C\n+C2"), () => TEXT);
  assert.deepEqual([...changed], [["x.ts", "a\nb\nC\nC2\nd\n"]]);
});

Deno.test("what does not fit, or fits twice, or changes nothing is told", () => {
  assert.throws(() => applyPatch(patch(" b\n-x\n+C"), () => TEXT), /x\.ts once .* 0 times:\nb\nx/);
  assert.throws(() => applyPatch(patch("-b\n+C"), () => "b\nb\n"), /there 2 times/);
  assert.throws(() => applyPatch("nothing", () => TEXT), /changes nothing/);
});
