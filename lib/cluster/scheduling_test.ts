import assert from "assert";
import { toAmounts } from "./amounts.ts";
import { nodeSpec, TestCluster } from "./fixture.ts";

Deno.test("an actor takes its device from its bundle, and the order names the node's id of it", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 2 });
  test.driver();
  const pg_id = test.group([{ GPU: 1 }, { GPU: 1 }]);
  assert.equal(test.brain.group(pg_id)?.state, "CREATED");
  const actor = test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 1 } });
  const [order] = test.got("worker.start");
  assert.deepEqual(order?.device_ids, ["gpu1"]);
  assert.deepEqual(order?.grant, { amounts: { GPU: 10_000 }, gpus: [[1, 10_000]] });
  test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 1 } });
  assert.deepEqual(test.got("worker.start"), []);
  test.kill(actor);
  assert.deepEqual(test.got("worker.start"), [], "the old worker is not gone yet");
  test.died(actor);
  assert.deepEqual(test.got("worker.start")[0]?.device_ids, ["gpu1"]);
});

Deno.test("fractions share a device", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 2 });
  test.driver();
  const devices = [0.5, 1, 0.5].map((GPU) => {
    test.actor({ GPU });
    return test.got("worker.start")[0]?.device_ids;
  });
  assert.deepEqual(devices, [["gpu0"], ["gpu1"], ["gpu0"]]);
});

Deno.test("Ray's default actor needs a CPU to be placed and holds none", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  test.driver();
  for (let count = 0; count < 3; count++) {
    test.actor({}, { place: toAmounts({ CPU: 1 }) });
    assert.equal(test.got("worker.start").length, 1);
  }
  test.actor({ CPU: 1 });
  test.actor({}, { place: toAmounts({ CPU: 1 }) });
  assert.equal(test.got("worker.start").length, 0);
});

Deno.test("a request that cannot be placed does not hold up the next", () => {
  const test = new TestCluster();
  test.join(1, { GPU: 1 });
  test.driver();
  const big = test.group([{ GPU: 1 }, { GPU: 1 }]);
  const small = test.group([{ GPU: 1 }]);
  assert.equal(test.brain.group(big)?.state, "PENDING");
  assert.equal(test.brain.group(small)?.state, "CREATED");
  test.join(2, { GPU: 2 });
  assert.deepEqual(test.nodesOf(big), [2, 2]);
});

Deno.test("an actor may be asked for before its group is, or waits in vain for 5 s", () => {
  const test = new TestCluster();
  test.join(1, { GPU: 1 });
  test.driver();
  const pg_id = "a".repeat(27) + "2" + "01000000";
  const early = test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 0 } });
  assert.equal(test.group([{ GPU: 1 }]), pg_id);
  assert.equal(test.brain.actor(early)?.step, "starting");
  const lost = test.actor({}, { pg: { pg_id: "c".repeat(36), bundle_index: 0 } });
  test.pass(4);
  assert.equal(test.brain.actor(lost)?.state, "PENDING_CREATION");
  test.pass(2);
  assert.match(test.brain.actor(lost)?.death?.message ?? "", /which is not known/);
});

Deno.test("a hard node that is not there, or too small, is a death and not a wait", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.driver();
  const on = (n: number) => ({
    strategy: { kind: "node", node_id: nodeSpec(n).node_id, soft: false } as const,
  });
  const gone = test.actor({ CPU: 1 }, on(2));
  assert.match(test.brain.actor(gone)?.death?.message ?? "", /node 0+2 only, which is not there/);
  const big = test.actor({ CPU: 8 }, on(1));
  assert.match(test.brain.actor(big)?.death?.message ?? "", /even empty cannot hold 8 CPU/);
});

Deno.test("CPUs of a blocked worker are lent, and may be overdrawn when it resumes", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  test.driver();
  const first = test.actor({ CPU: 1 });
  const second = test.actor({ CPU: 1 });
  const say = (kind: "actor.blocked" | "actor.unblocked") =>
    test.tell({ kind, actor_id: first, incarnation: 1 });
  say("actor.blocked");
  assert.equal(test.brain.actor(second)?.step, "starting");
  say("actor.unblocked");
  const free = () => test.brain.books.node_ledgers.get(nodeSpec(1).node_id)?.free.CPU;
  assert.equal(free(), -10_000);
  test.died(second);
  test.died(first);
  assert.equal(free(), 10_000);
});

Deno.test("a draining node gets nothing new", () => {
  const test = new TestCluster();
  test.join(1, { GPU: 1 });
  test.driver();
  test.tell({ kind: "node.drain", node_id: nodeSpec(1).node_id });
  const actor = test.actor({ GPU: 1 });
  assert.equal(test.brain.actor(actor)?.step, "waiting");
  test.tell({ kind: "node.drain", node_id: nodeSpec(1).node_id, undo: true });
  assert.equal(test.brain.actor(actor)?.step, "starting");
});
