import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";
import type { ReportedActor } from "./events.ts";

const G = { GPU: 1 };

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.join(2, { GPU: 2 });
  test.driver();
  return test;
}

const running = (actor_id: string): ReportedActor => ({
  actor_id,
  incarnation: 1,
  pid: 9,
  address: "sock",
  initialized: true,
});

Deno.test("a restarted head knows what was, in a new epoch", () => {
  const test = cluster();
  const pg_id = test.group([G]);
  const actor = test.actor(G, { pg: { pg_id, bundle_index: 0 }, name: "boss" });
  test.up(actor);
  test.restartHead();
  assert.equal(test.brain.epoch, 2);
  assert.equal(test.brain.nextJobId(), "02000000");
  assert.equal(test.brain.findActor("ns", "boss")?.state, "ALIVE");
  assert.equal(test.brain.node(nodeSpec(2).node_id)?.state, "away");
  assert.equal(test.freeGpu(2), 10_000);
  assert.equal(test.brain.books.bundle_ledgers.get(pg_id)?.[0]?.free.GPU, 0);
  test.restartHead();
  assert.equal(test.brain.epoch, 3);
});

Deno.test("a clock that was set back while no head ran has nobody wait until it is right", () => {
  const test = cluster();
  const failing = test.actor(G);
  test.tell({
    kind: "actor.placed_failed",
    node_id: nodeSpec(2).node_id,
    actor_id: failing,
    incarnation: 1,
    report: { kind: "start", message: "There is no Python." },
  });
  const waiting = test.actor({ GPU: 9 });
  test.pass(6);
  assert.ok(test.brain.actor(waiting)?.warned_at !== undefined);
  test.now -= 86_400_000;
  test.restartHead();
  const { now } = test.brain.books;
  assert.ok(test.brain.actor(failing)!.not_before <= now + 30_000);
  assert.ok(test.brain.actor(waiting)!.since <= now);
  assert.equal(test.brain.actor(waiting)?.warned_at, undefined);
});

Deno.test("it grants nothing until every known node is back", () => {
  const test = cluster();
  test.restartHead();
  const job = test.brain.job("01000000")!;
  test.join(2, { GPU: 2 });
  const pg_id = test.group([G]);
  assert.equal(test.brain.group(pg_id)?.state, "PENDING");
  test.join(1, { CPU: 4 }, { actors: [], jobs: [job], deaths: [] });
  assert.equal(test.brain.group(pg_id)?.state, "CREATED");
});

Deno.test("or until 10 s have passed, when those that are away are lost", () => {
  const test = cluster();
  const actor = test.actor(G);
  test.up(actor);
  test.restartHead();
  const job = test.brain.job("01000000")!;
  test.join(1, { CPU: 4 }, { actors: [], jobs: [job], deaths: [] });
  const waiting = test.actor({ CPU: 1 });
  test.pass(9);
  assert.equal(test.brain.actor(actor)?.state, "ALIVE");
  assert.equal(test.brain.actor(waiting)?.step, "waiting");
  test.pass(1);
  assert.equal(test.brain.actor(waiting)?.step, "starting");
  assert.match(test.brain.actor(actor)?.death?.message ?? "", /within 10 s of the head's restart/);
});

Deno.test("what was decided and never sent is sent when the node is back", () => {
  const test = cluster();
  const started = test.actor(G);
  const killed = test.actor(G);
  test.up(killed);
  test.kill(killed);
  test.restartHead();
  test.join(2, { GPU: 2 }, { actors: [running(killed)], jobs: [], deaths: [] });
  assert.deepEqual(test.got("worker.stop").map((one) => one.actor_id), [killed]);
  const [start] = test.got("worker.start");
  assert.deepEqual([start?.actor_id, start?.incarnation, start?.epoch], [started, 1, 2]);
  assert.equal(test.freeGpu(2), 0);
});

Deno.test("rows go out before what follows from them", () => {
  const test = cluster();
  test.actor(G);
  const kinds = test.effects.map((effect) => effect.kind);
  assert.deepEqual(kinds, ["persist", "worker.start", "actor.changed"]);
});
