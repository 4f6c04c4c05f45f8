import assert from "assert";
import { ALL_PAIRS, planPairs } from "./pair_plan.ts";

const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`);
const key = ([from, to]: [string, string]) => `${from} ${to}`;

Deno.test("a small cluster: every pair, both ways, once", () => {
  for (const count of [0, 1, 2, 3, ALL_PAIRS]) {
    const { pairs, whole } = planPairs(names(count), { head: "n0", seed: 1 });
    assert.ok(whole);
    assert.equal(new Set(pairs.map(key)).size, count * (count - 1) || 0);
    assert.equal(pairs.length, new Set(pairs.map(key)).size);
    assert.ok(pairs.every(([from, to]) => from !== to));
  }
});

Deno.test("a large cluster: a ring and the head's node both ways, and some by chance", () => {
  const nodes = names(256);
  const { pairs, whole } = planPairs(nodes, { head: "n7", seed: 3 });
  assert.ok(!whole);
  const planned = new Set(pairs.map(key));
  assert.equal(planned.size, pairs.length);
  assert.ok(pairs.every(([from, to]) => from !== to));
  for (const [at, node] of nodes.entries()) {
    const next = nodes[(at + 1) % nodes.length]!;
    assert.ok(planned.has(`${node} ${next}`) && planned.has(`${next} ${node}`));
    if (node !== "n7") assert.ok(planned.has(`${node} n7`) && planned.has(`n7 ${node}`));
  }
  assert.ok(pairs.length > 256 * 6 && pairs.length < 256 * 12, `${pairs.length}`);
  assert.deepEqual(planPairs(nodes, { head: "n7", seed: 3 }), { pairs, whole });
  assert.notDeepEqual(planPairs(nodes, { head: "n7", seed: 4 }).pairs, pairs);
});

Deno.test("a head without a node of its own is no part of it", () => {
  const { pairs } = planPairs(names(40), { seed: 1 });
  assert.ok(pairs.length > 80);
});
