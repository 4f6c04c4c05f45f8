import assert from "assert";
import type { ReportedActor } from "./events.ts";
import { nodeSpec, TestCluster } from "./fixture.ts";
import type { Grant } from "./ledger.ts";

const G = { GPU: 1 };

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.join(2, { GPU: 1 });
  test.driver();
  return test;
}

/** What node 2 says of a worker that the head has just asked it to start. */
function reported(test: TestCluster, actor_id: string): ReportedActor {
  const { grant, incarnation } = test.got("worker.start").find((one) => one.actor_id === actor_id)!;
  return { actor_id, incarnation, pid: 9, address: "sock", initialized: true, grant };
}

/** The head restarts, and the nodes come back; the second reports these workers. */
function back(test: TestCluster, actors: ReportedActor[]): void {
  const job = test.brain.job("01000000")!;
  test.restartHead();
  test.join(1, { CPU: 4 }, { actors: [], jobs: [job], deaths: [] });
  test.join(2, { GPU: 1 }, { actors, jobs: [], deaths: [] });
}

Deno.test("a worker whose row was lost keeps its device until it is gone", () => {
  const test = cluster();
  const lost = test.actor(G);
  const worker = reported(test, lost);
  test.rows.delete(`actors/${lost}`);
  back(test, [worker]);
  assert.deepEqual(test.got("worker.stop").map((one) => one.actor_id), [lost]);
  const next = test.actor(G);
  assert.equal(test.brain.actor(next)?.step, "waiting");
  assert.match(test.brain.explain(next) ?? "", /which the head does not know, told to end/);
  test.tell({
    kind: "actor.died",
    node_id: nodeSpec(2).node_id,
    actor_id: lost,
    incarnation: 1,
    report: { kind: "killed", message: "It was ended." },
  });
  assert.equal(test.brain.actor(next)?.step, "starting");
  assert.equal(test.brain.books.strays.size, 0);
});

Deno.test("a stray that is gone from the next report, or with its node, holds nothing", () => {
  const test = cluster();
  const lost = test.actor(G);
  const worker = reported(test, lost);
  test.rows.delete(`actors/${lost}`);
  back(test, [worker]);
  assert.equal(test.freeGpu(2), 0);
  test.join(2, { GPU: 1 }, { actors: [], jobs: [], deaths: [] });
  assert.equal(test.freeGpu(2), 10_000);
  back(test, [worker]);
  assert.equal(test.freeGpu(2), 0);
  test.tell({ kind: "node.leave", node_id: nodeSpec(2).node_id, reason: "beam down" });
  assert.equal(test.brain.books.strays.size, 0);
});

Deno.test("a stray inside a bundle keeps the bundle's device", () => {
  const test = cluster();
  const pg_id = test.group([G]);
  const pg = { pg_id, bundle_index: 0 };
  const lost = test.actor(G, { pg });
  const worker = reported(test, lost);
  test.rows.delete(`actors/${lost}`);
  back(test, [worker]);
  const next = test.actor(G, { pg });
  assert.equal(test.brain.actor(next)?.step, "waiting");
  test.tell({ kind: "group.remove", pg_id });
  assert.equal(test.freeGpu(2), 0);
  test.join(2, { GPU: 1 }, { actors: [], jobs: [], deaths: [] });
  assert.equal(test.freeGpu(2), 10_000);
});

Deno.test("what a node says beyond what is free does not count", () => {
  const test = cluster();
  const grant: Grant = { amounts: { GPU: 90_000, CPU: 10_000 }, gpus: [[0, 10_000], [8, 80_000]] };
  const liar = { actor_id: "a".repeat(32), incarnation: 1, pid: 1, initialized: true, grant };
  back(test, [liar]);
  assert.equal(test.freeGpu(2), 0);
  test.join(2, { GPU: 1 }, { actors: [], jobs: [], deaths: [] });
  assert.equal(test.freeGpu(2), 10_000);
});

Deno.test("an incarnation that a node has told of is not given out again", () => {
  const test = cluster();
  const actor = test.actor(G, { max_restarts: -1 });
  const row = test.rows.get(`actors/${actor}`)!;
  const before = structuredClone(row);
  test.up(actor);
  test.died(actor);
  const worker = { ...reported(test, actor), incarnation: 2 };
  // The last rows are lost: the books are before the first death.
  test.rows.set(`actors/${actor}`, before);
  back(test, [worker]);
  const starts = test.got("worker.start").map((one) => one.incarnation);
  assert.ok(!starts.includes(1) && !starts.includes(2), `started ${starts}`);
  test.join(2, { GPU: 1 }, { actors: [], jobs: [], deaths: [] });
  assert.equal(test.brain.actor(actor)?.incarnation, 3);
  assert.equal(test.brain.actor(actor)?.step, "starting");
});
