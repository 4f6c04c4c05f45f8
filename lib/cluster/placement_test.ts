import assert from "assert";
import { toAmounts } from "./amounts.ts";
import { nodeSpec } from "./fixture.ts";
import type { GroupStrategy } from "./groups.ts";
import { ledgerOf } from "./ledger.ts";
import { placeBundles, placeMost } from "./placement.ts";
import type { BundleRequest, RoomyNode } from "./placement.ts";

function room(n: number, floats: Record<string, number>): RoomyNode {
  const node = nodeSpec(n, floats);
  const gpus = node.gpu_ids.map((_, index): [number, number] => [index, 10_000]);
  return { node, ledger: ledgerOf({ amounts: node.total, gpus }) };
}

/** Node numbers per bundle. */
function place(
  strategy: GroupStrategy,
  bundles: Record<string, number>[],
  nodes: RoomyNode[],
  rest: Partial<BundleRequest> = {},
): number[] | undefined {
  const placed = placeBundles({ strategy, bundles: bundles.map(toAmounts), nodes, ...rest });
  return placed?.map((one) => Number(one.node_id));
}

const G = { GPU: 1 };
const id = (n: number) => nodeSpec(n).node_id;

Deno.test("PACK uses one node where it can, and the fewest where it cannot", () => {
  assert.deepEqual(place("PACK", [G, G], [room(1, { GPU: 1 }), room(2, { GPU: 2 })]), [2, 2]);
  const nodes = [room(1, { GPU: 1 }), room(2, { GPU: 2 }), room(3, { GPU: 2 })];
  assert.deepEqual(place("PACK", [G, G, G, G], nodes), [2, 2, 3, 3]);
});

Deno.test("PACK keeps the driver's node in the group where that costs no further node", () => {
  const nodes = [room(1, { GPU: 2 }), room(2, { GPU: 3 }), room(3, { GPU: 1 })];
  const five = [G, G, G, G, G];
  assert.deepEqual(place("PACK", five, nodes, { preferred: id(1) }), [1, 1, 2, 2, 2]);
  assert.deepEqual(place("PACK", [G, G, G, G], nodes, { preferred: id(3) }), [3, 2, 2, 2]);
});

Deno.test("PACK of one node's worth prefers the driver's node, else the tightest", () => {
  const nodes = [room(1, { GPU: 4 }), room(2, { GPU: 2 }), room(3, { GPU: 4 })];
  assert.deepEqual(place("PACK", [G, G], nodes, { preferred: id(3) }), [3, 3]);
  assert.deepEqual(place("PACK", [G, G], nodes), [2, 2]);
});

Deno.test("STRICT_PACK is one node or nothing", () => {
  const nodes = [room(1, { GPU: 1 }), room(2, { GPU: 2 })];
  assert.deepEqual(place("STRICT_PACK", [G, G], nodes), [2, 2]);
  assert.equal(place("STRICT_PACK", [G, G, G], nodes), undefined);
});

Deno.test("SPREAD goes round the nodes and doubles up where it must", () => {
  const nodes = [room(1, { GPU: 4 }), room(2, { GPU: 4 })];
  assert.deepEqual(place("SPREAD", [G, G, G], nodes)?.slice(0, 2).sort(), [1, 2]);
  assert.equal(place("SPREAD", [G, G, G], nodes)?.length, 3);
});

Deno.test("STRICT_SPREAD wants as many nodes as bundles", () => {
  const nodes = [room(1, { GPU: 4 }), room(2, { GPU: 4 })];
  assert.deepEqual(place("STRICT_SPREAD", [G, G], nodes)?.sort(), [1, 2]);
  assert.equal(place("STRICT_SPREAD", [G, G, G], nodes), undefined);
});

Deno.test("a bundle that names a node goes there, by any of its addresses", () => {
  const nodes = [room(1, { GPU: 2 }), room(2, { GPU: 2 })];
  assert.deepEqual(place("PACK", [{ ...G, "node:10.0.0.2": 0.001 }, G], nodes), [2, 2]);
  assert.deepEqual(place("SPREAD", [G, { ...G, "node:192.168.0.1": 0.001 }], nodes), [2, 1]);
  assert.equal(place("PACK", [{ "node:10.0.0.9": 0.001 }], nodes), undefined);
});

Deno.test("a first choice that leads nowhere is taken back", () => {
  // The mlx bundle must leave node 1's CPUs to the two others; a greedy choice takes node 1.
  const nodes = [room(1, { CPU: 4, mlx: 1 }), room(2, { CPU: 3, mlx: 1 }), room(3, { CPU: 2 })];
  const bundles = [{ CPU: 2, mlx: 1 }, { CPU: 2 }, { CPU: 2 }, { CPU: 3, mlx: 1 }];
  assert.deepEqual(place("SPREAD", bundles, nodes)?.toSorted(), [1, 1, 2, 3]);
});

Deno.test("bundles that have a node keep it, and the others go around them", () => {
  const nodes = [room(1, { GPU: 4 }), room(2, { GPU: 4 })];
  const fixed = [id(1), ""];
  assert.deepEqual(place("STRICT_SPREAD", [G, G], nodes, { fixed }), [2]);
  assert.deepEqual(place("PACK", [G, G], nodes, { fixed }), [1]);
  assert.deepEqual(place("STRICT_PACK", [G, G], [nodes[1]!], { fixed }), undefined);
});

Deno.test("bundles follow their label selectors", () => {
  const nodes = [room(1, { GPU: 4 }), room(2, { GPU: 4 })];
  assert.deepEqual(place("PACK", [G, G], nodes, { selectors: [{ zone: "b" }] }), [2, 2]);
});

Deno.test("a hopeless request over many nodes is given up soon", () => {
  const nodes = Array.from({ length: 16 }, (_, n) => room(n + 1, { GPU: 8 }));
  assert.equal(place("PACK", Array.from({ length: 129 }, () => G), nodes), undefined);
  // 114 of 128 GPUs, but no way to cut them: what is left beside a 5 takes no 4.
  const mixed = [...Array(10).fill({ GPU: 5 }), ...Array(16).fill({ GPU: 4 })];
  assert.equal(place("SPREAD", mixed, nodes), undefined);
  assert.equal(place("PACK", mixed, nodes), undefined);
});

Deno.test("a group of more bundles than a search has steps to try is placed", () => {
  const nodes = Array.from({ length: 20 }, (_, at) => room(at + 1, { CPU: 100 }));
  const many = Array.from({ length: 1500 }, () => ({ CPU: 1 }));
  for (const strategy of ["PACK", "SPREAD"] as const) {
    const placed = place(strategy, many, nodes)!;
    assert.equal(placed.length, 1500);
    assert.equal(new Set(placed).size, strategy === "PACK" ? 15 : 20);
  }
  assert.equal(place("PACK", [...many, { CPU: 101 }], nodes), undefined);
});

Deno.test("of alike bundles as many are placed as there is room for", () => {
  const nodes = [room(1, { GPU: 2 }), room(2, { GPU: 3 }), room(3, {})];
  const bundles = Array.from({ length: 9 }, () => toAmounts(G));
  for (const [strategy, count] of [["PACK", 5], ["SPREAD", 5], ["STRICT_SPREAD", 2]] as const) {
    const most = placeMost({ strategy, bundles, nodes });
    assert.deepEqual(most.map((one) => one.bundle_index), [...Array(count).keys()]);
  }
});
