import assert from "assert";
import { descendantsOf } from "./process_tree.ts";

Deno.test("descendants are found at any depth, each once, nearest first", () => {
  const tree: Record<number, number[]> = { 1: [2, 3], 2: [4], 4: [5], 3: [5] };
  assert.deepEqual(descendantsOf(1, (pid) => tree[pid] ?? []), [2, 3, 4, 5]);
  assert.deepEqual(descendantsOf(5, (pid) => tree[pid] ?? []), []);
});
