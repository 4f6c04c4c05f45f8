import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";

const NODE = nodeSpec(2).node_id;

/** Two nodes; what is made goes to the second, which is then drained. */
function cluster() {
  const test = new TestCluster();
  test.join(1, { CPU: 2 });
  test.join(2, { CPU: 2, GPU: 1 });
  test.driver();
  return test;
}

Deno.test("a drained node keeps what it has and gets nothing new, until that is undone", () => {
  const test = cluster();
  const actor = test.actor({ GPU: 1 });
  test.up(actor);
  const pg_id = test.group([{ CPU: 2 }], "PACK");
  test.tell({ kind: "node.drain", node_id: NODE });
  assert.equal(test.brain.node(NODE)?.state, "draining");
  assert.equal(test.brain.actor(actor)?.step, "running");
  const waiting = test.actor({ CPU: 2 });
  const there = test.brain.actor(waiting)?.node_id;
  assert.notEqual(there, NODE);
  assert.equal(test.brain.group(pg_id)?.state, "CREATED");
  test.tell({ kind: "node.drain", node_id: NODE, undo: true });
  assert.equal(test.brain.node(NODE)?.state, "alive");
});

Deno.test("who leases workers on a draining node is asked for them, though nobody waits", () => {
  const test = cluster();
  const lease = test.actor({ GPU: 1 }, { kind: "task" });
  test.up(lease);
  assert.deepEqual(test.pass(3).filter((one) => one.kind === "lease.wanted"), []);
  test.tell({ kind: "node.drain", node_id: NODE });
  const asked = test.pass(3).filter((one) => one.kind === "lease.wanted");
  assert.deepEqual(asked.map((one) => one.actor_id), [lease]);
});

Deno.test("an evicted node's actors end with a report that says drained; restarts go elsewhere", () => {
  const test = cluster();
  test.join(3, { CPU: 2, GPU: 1 });
  const lasting = test.actor({ GPU: 1 }, { max_restarts: 1 });
  test.up(lasting);
  const final = test.actor({ CPU: 1 }, {
    strategy: { kind: "node", node_id: NODE, soft: true },
  });
  test.up(final);
  assert.deepEqual([lasting, final].map((id) => test.brain.actor(id)?.node_id), [NODE, NODE]);
  test.tell({ kind: "node.drain", node_id: NODE, evict: true });
  assert.deepEqual(
    test.got("worker.stop").map((one) => one.actor_id).sort(),
    [lasting, final].sort(),
  );
  assert.equal(test.brain.actor(final)?.step, "ended");
  assert.match(test.brain.actor(final)?.death?.message ?? "", /10\.0\.0\.2 .* was drained/);
  const again = test.brain.actor(lasting);
  assert.equal(again?.node_id, nodeSpec(3).node_id);
  assert.equal(again?.incarnation, 2);
});

Deno.test("a bundle leaves an evicted node when its last worker is gone, and not before", () => {
  const test = cluster();
  const pg_id = test.group([{ GPU: 1 }, { CPU: 1 }]);
  const inside = test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 0 }, max_restarts: 3 });
  test.up(inside);
  assert.equal(test.nodesOf(pg_id)[0], 2);
  test.tell({ kind: "node.drain", node_id: NODE, evict: true });
  test.pass(2);
  assert.equal(test.nodesOf(pg_id)[0], 2, "its worker may still use the device");
  assert.equal(test.brain.actor(inside)?.step, "waiting", "not into the bundle that is to go");
  test.tell({
    kind: "actor.died",
    node_id: NODE,
    actor_id: inside,
    incarnation: 1,
    report: { kind: "killed", message: "It was ended." },
  });
  test.pass(2);
  assert.equal(test.brain.group(pg_id)?.state, "RESCHEDULING");
  test.join(3, { CPU: 2, GPU: 1 });
  assert.equal(test.brain.group(pg_id)?.state, "CREATED");
  assert.equal(test.brain.actor(inside)?.node_id, nodeSpec(3).node_id);
  assert.deepEqual(test.brain.books.node_ledgers.get(NODE)?.free["GPU"], 10_000);
});
