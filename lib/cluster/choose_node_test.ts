import assert from "assert";
import { toAmounts } from "./amounts.ts";
import type { SchedulingStrategy } from "./actors.ts";
import { chooseNode } from "./choose_node.ts";
import { nodeSpec } from "./fixture.ts";
import { ledgerOf, takeGrant } from "./ledger.ts";
import type { RoomyNode } from "./placement.ts";

function room(
  n: number,
  total: Record<string, number>,
  used: Record<string, number> = {},
): RoomyNode {
  const node = nodeSpec(n, total);
  const gpus = node.gpu_ids.map((_, index): [number, number] => [index, 10_000]);
  const ledger = ledgerOf({ amounts: node.total, gpus });
  takeGrant(ledger, { amounts: toAmounts(used), gpus: [] });
  return { node, ledger };
}

function choose(
  nodes: RoomyNode[],
  place: Record<string, number>,
  strategy: SchedulingStrategy = { kind: "default" },
  preferred = 2,
): number | undefined {
  const workers = new Map([[nodeSpec(1).node_id, 2]]);
  const request = { place: toAmounts(place), strategy, nodes, workers };
  const node = chooseNode({ ...request, preferred: nodeSpec(preferred).node_id });
  return node && Number(node.node_id);
}

Deno.test("the owner's node until half of it is used, then the least used", () => {
  assert.equal(choose([room(1, { CPU: 4 }), room(2, { CPU: 4 }, { CPU: 1 })], { CPU: 1 }), 2);
  assert.equal(choose([room(1, { CPU: 4 }), room(2, { CPU: 4 }, { CPU: 2 })], { CPU: 1 }), 1);
  const busy = [room(1, { CPU: 4 }, { CPU: 3 }), room(2, { CPU: 4 }, { CPU: 2 })];
  assert.equal(choose(busy, { CPU: 1 }), 2);
});

Deno.test("who needs no GPU leaves nodes with GPUs alone where it can", () => {
  assert.equal(choose([room(1, { CPU: 4 }), room(2, { CPU: 4, GPU: 1 })], { CPU: 1 }), 1);
  assert.equal(choose([room(1, { CPU: 4 }), room(2, { CPU: 4, GPU: 1 })], { GPU: 1 }), 2);
  assert.equal(choose([room(2, { CPU: 4, GPU: 1 })], { CPU: 1 }), 2);
});

Deno.test("spread prefers nodes with fewer workers", () => {
  const nodes = [room(1, { CPU: 4 }), room(2, { CPU: 4 }, { CPU: 2 })];
  assert.equal(choose(nodes, { CPU: 1 }, { kind: "spread" }), 2);
});

Deno.test("a hard node is that node or none, a soft one is a wish", () => {
  const nodes = [room(1, { CPU: 4 }), room(2, { CPU: 4 })];
  const on = (n: number, soft: boolean): SchedulingStrategy => ({
    kind: "node",
    node_id: nodeSpec(n).node_id,
    soft,
  });
  assert.equal(choose(nodes, { CPU: 1 }, on(1, false)), 1);
  assert.equal(choose(nodes, { CPU: 1 }, on(9, false)), undefined);
  assert.equal(choose(nodes, { CPU: 1 }, on(9, true)), 2);
  assert.equal(choose(nodes, { CPU: 5 }, on(1, true)), undefined);
});

Deno.test("a soft node that is full is waited for, one that is too small is not", () => {
  const nodes = [room(1, { CPU: 4 }, { CPU: 4 }), room(2, { CPU: 8 })];
  const soft: SchedulingStrategy = { kind: "node", node_id: nodeSpec(1).node_id, soft: true };
  assert.equal(choose(nodes, { CPU: 1 }, soft), undefined);
  assert.equal(choose(nodes, { CPU: 1 }, { ...soft, spill: true }), 2);
  assert.equal(choose(nodes, { CPU: 5 }, soft), 2);
});

Deno.test("labels: hard ones bind, soft ones are wishes", () => {
  const nodes = [room(1, { CPU: 4 }), room(2, { CPU: 4 })];
  const hard = { zone: "a" };
  assert.equal(choose(nodes, {}, { kind: "labels", hard, soft: { zone: "b" } }), 1);
  assert.equal(choose(nodes, {}, { kind: "labels", hard: { zone: "z" }, soft: {} }), undefined);
  assert.equal(choose(nodes, {}, { kind: "labels", hard: {}, soft: { zone: "a" } }), 1);
  const fallback = [{ zone: "y" }, { zone: "b" }, { zone: "a" }];
  assert.equal(choose(nodes, {}, { kind: "labels", hard: { zone: "z" }, soft: {}, fallback }), 2);
});
