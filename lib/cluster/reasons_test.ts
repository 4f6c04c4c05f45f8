import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";
import type { GroupStrategy } from "./groups.ts";

const G = { GPU: 1 };

/** Two GPUs on node 1, one on node 2; all but half a GPU is taken. */
function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 2 });
  test.join(2, { CPU: 4, GPU: 1 });
  test.driver();
  const other = test.driver(2);
  test.actor(G, { name: "vllm_Worker_x_TP0" });
  test.group([G], "PACK", { name: "dp_rank_0", job_id: other });
  test.actor({ GPU: 0.5 });
  return test;
}

function why(bundles: Record<string, number>[], strategy: GroupStrategy = "PACK"): string {
  const test = cluster();
  return test.brain.explain(test.group(bundles, strategy, { name: "dp_rank_1" })) ?? "";
}

Deno.test("a waiting group names the bundle, the resource, and who holds it on each node", () => {
  assert.equal(
    why([{ CPU: 1 }, G, G]),
    "Placement group dp_rank_1 (aaaaaaaa…) waits: bundle 1 needs 1 GPU; node 10.0.0.1 has 0.5 of " +
      "2 GPU free (held by actor vllm_Worker_x_TP0 (bbbbbbbb…): 1, actor Worker (bbbbbbbb…): " +
      "0.5); node 10.0.0.2 has 0 of 1 GPU free (held by placement group dp_rank_0 (aaaaaaaa…) " +
      "bundle 0 of job 02000000 (driver pid 7 on 10.0.0.2): 1).",
  );
});

Deno.test("what no present node could hold even when empty waits for a new one and says so", () => {
  const never = /No present node can hold it even when empty \((.*)\); it waits for a new node\.$/;
  assert.equal(never.exec(why([{ GPU: 8 }]))?.[1], "largest: 2 GPU on 10.0.0.1");
  assert.equal(never.exec(why([{ mlx: 1 }]))?.[1], "none has mlx");
  assert.equal(never.exec(why([G, G, G], "STRICT_PACK"))?.[1], "largest: 2 GPU on 10.0.0.1");
  assert.match(why([G, G, G, G]), /together cannot hold it .* \(it needs 4 GPU, they have 3 GPU\)/);
  assert.doesNotMatch(why([G, G]), /even when empty/);
});

Deno.test("strategies explain themselves", () => {
  const spread = why([{ CPU: 1 }, { CPU: 1 }, { CPU: 1 }], "STRICT_SPREAD");
  assert.match(spread, /bundle 2 needs 1 CPU; node 10.0.0.1 has bundle \d of this group/);
  assert.match(spread, /It needs 3 different nodes \(STRICT_SPREAD\) and 2 are there/);
  assert.match(why([G, G], "STRICT_PACK"), /its 2 bundles need, together on one node .* 2 GPU;/);
});

Deno.test("what the group's own earlier bundles would take is said", () => {
  assert.match(
    why([{ CPU: 3 }, { CPU: 3 }, { CPU: 3 }]),
    /bundle 2 needs 3 CPU; node .* has 1 of 4 CPU free \(held by bundle \d of this group, which/,
  );
});

Deno.test("an address that no node has is said", () => {
  const text = why([{ CPU: 1, "node:10.0.0.9": 0.001 }]);
  assert.match(text, /none of the nodes that take work \(10.0.0.1, 10.0.0.2\) has node:10.0.0.9/);
  assert.doesNotMatch(why([{ ...G, "node:10.0.0.2": 0.001 }]), /node 10.0.0.1 has/);
});

Deno.test("free parts of devices that make no whole one are said", () => {
  const test = new TestCluster();
  test.join(1, { GPU: 2 });
  test.driver();
  for (const GPU of [0.6, 0.6]) test.actor({ GPU });
  test.actor({ GPU: 0.8 });
  const text = test.brain.explain([...test.brain.books.queue][0]!) ?? "";
  assert.match(text, /0.8 of 2 GPU free, but in parts of devices \(0.4 on GPU 0, 0.4 on GPU 1\)/);
});

Deno.test("an actor says what its bundle has, and who in it has it", () => {
  const test = cluster();
  const pg_id = test.group([{ CPU: 1 }]);
  const pg = { pg_id, bundle_index: 0 };
  const first = test.actor({ CPU: 1 }, { pg, name: "engine" });
  const second = test.actor({ CPU: 1 }, { pg });
  assert.match(
    test.brain.explain(second) ?? "",
    /needs 1 CPU in placement group .*; bundle 0 on node .* has 0 of 1 CPU free \(held by actor engine/,
  );
  assert.match(test.brain.explain(first) ?? "", /was placed on node .* has not connected yet/);
  const waiting = test.group([{ GPU: 8 }]);
  const third = test.actor(G, { pg: { pg_id: waiting, bundle_index: 0 } });
  assert.match(test.brain.explain(third) ?? "", /waits for its placement group. Placement group/);
});

Deno.test("a worker that was told to end and is not gone is named as holder", () => {
  const test = cluster();
  test.kill(test.brain.findActor("ns", "vllm_Worker_x_TP0")!.actor_id);
  test.now += 7000;
  const text = test.brain.explain(test.actor(G)) ?? "";
  assert.match(text, /vllm_Worker_x_TP0 \(b+…\), told to end 7 s ago and not gone yet: 1/);
});

Deno.test("a group that lost a node says so, and a restarted head says for whom it waits", () => {
  const test = new TestCluster();
  for (const n of [1, 2]) test.join(n, G);
  test.driver();
  const pg_id = test.group([G, G], "STRICT_SPREAD");
  test.tell({ kind: "node.leave", node_id: nodeSpec(2).node_id, reason: "beam down" });
  assert.match(test.brain.explain(pg_id) ?? "", /lost bundle \d with a node and waits: /);
  test.restartHead();
  assert.match(test.brain.explain(pg_id) ?? "", /restarted and waits up to 10 s more for node 10/);
});
