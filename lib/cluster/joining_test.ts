import assert from "assert";
import { CRASH, nodeSpec, TestCluster } from "./fixture.ts";
import type { ReportedActor } from "./events.ts";

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.join(2, { GPU: 2 });
  test.driver();
  return test;
}

const worker = (actor_id: string, incarnation = 1): ReportedActor => ({
  actor_id,
  incarnation,
  pid: 100,
  address: "sock",
  initialized: true,
});

function cut(test: TestCluster): void {
  test.tell({ kind: "node.lost", node_id: nodeSpec(2).node_id, reason: "reset" });
}

function back(test: TestCluster, actors: ReportedActor[], deaths: [string, number][] = []): void {
  const report = deaths.map(([actor_id, incarnation]) => ({
    actor_id,
    incarnation,
    report: CRASH,
  }));
  test.join(2, { GPU: 2 }, { actors, jobs: [], deaths: report });
}

Deno.test("what went on while the link was cut is taken over", () => {
  const test = cluster();
  const [kept, died, lost, unsent] = [1, 2, 3, 4].map(() => test.actor({ GPU: 0.5 }));
  for (const actor of [kept!, died!, lost!]) test.up(actor);
  cut(test);
  back(test, [worker(kept!)], [[died!, 1]]);
  const state = (id: string | undefined) => test.brain.actor(id!)?.state;
  assert.equal(state(kept), "ALIVE");
  assert.equal(test.brain.actor(died!)?.death?.signal, "SIGKILL");
  assert.match(
    test.brain.actor(lost!)?.death?.message ?? "",
    /gone when node 10.0.0.2 .* came back/,
  );
  assert.deepEqual(test.got("worker.start").map((one) => one.actor_id), [unsent]);
  assert.equal(test.freeGpu(2), 10_000);
});

Deno.test("readiness reached while the link was cut is taken over", () => {
  const test = cluster();
  const actor = test.actor({ GPU: 1 });
  cut(test);
  back(test, [worker(actor)]);
  assert.deepEqual(
    [test.brain.actor(actor)?.state, test.brain.actor(actor)?.address],
    ["ALIVE", "sock"],
  );
});

Deno.test("a worker that was to end, or that nobody knows, is told to end", () => {
  const test = cluster();
  const actor = test.actor({ GPU: 1 });
  test.up(actor);
  cut(test);
  test.kill(actor);
  const stranger = "f".repeat(32);
  back(test, [worker(actor), worker(stranger)]);
  assert.deepEqual(test.got("worker.stop").map((one) => one.actor_id), [actor, stranger]);
  assert.equal(test.freeGpu(2), 10_000);
  cut(test);
  back(test, []);
  assert.equal(test.freeGpu(2), 20_000);
});

Deno.test("a late word from an earlier incarnation is answered by its end", () => {
  const test = cluster();
  const actor = test.actor({ GPU: 1 }, { max_restarts: 1 });
  const node_id = nodeSpec(2).node_id;
  test.died(actor);
  test.tell({
    kind: "actor.ready",
    node_id,
    actor_id: actor,
    incarnation: 1,
    pid: 1,
    address: "x",
  });
  assert.deepEqual(test.got("worker.stop").map((one) => one.incarnation), [1]);
  assert.equal(test.brain.actor(actor)?.step, "starting");
});

Deno.test("a dead node's daemon must take a new id", () => {
  const test = cluster();
  test.tell({ kind: "node.leave", node_id: nodeSpec(2).node_id, reason: "beam down" });
  back(test, []);
  assert.match(test.got("node.rejected")[0]?.reason ?? "", /join again under a new id/);
  assert.equal(test.brain.node(nodeSpec(2).node_id)?.state, "dead");
});

Deno.test("a new daemon on a machine ends the wait for the old one", () => {
  const test = cluster();
  cut(test);
  const node = { ...nodeSpec(2, { GPU: 2 }), node_id: "e".repeat(56) };
  test.tell({ kind: "node.join", node });
  assert.equal(test.brain.node(nodeSpec(2).node_id)?.state, "dead");
  assert.equal(test.brain.node(node.node_id)?.state, "alive");
  // Where it is there after all, it is told.
  assert.equal(test.got("node.rejected")[0]?.node_id, nodeSpec(2).node_id);
});

Deno.test("who ended itself on purpose while the link was cut is not started again", () => {
  const test = cluster();
  test.driver();
  const actor = test.actor({ GPU: 1 }, { max_restarts: -1 });
  test.up(actor);
  cut(test);
  const report = { kind: "exit" as const, message: "It called ray.actor.exit_actor()." };
  const deaths = [{ actor_id: actor, incarnation: 1, report, intended: true }];
  test.join(2, { GPU: 2 }, { actors: [], jobs: [], deaths });
  assert.equal(test.brain.actor(actor)?.step, "ended");
});

Deno.test("after a restart with a new daemon of the head, nothing waits for its former node", () => {
  const test = cluster();
  test.tell({ kind: "node.leave", node_id: nodeSpec(2).node_id, reason: "beam down" });
  test.restartHead();
  assert.equal(test.brain.node(nodeSpec(1).node_id)?.state, "away");
  const node = {
    ...nodeSpec(1, { CPU: 4 }),
    node_id: "e".repeat(56),
    ip: "10.0.0.9",
    hostname: "x",
  };
  test.tell({ kind: "node.join", node });
  assert.equal(test.brain.node(nodeSpec(1).node_id)?.state, "dead");
  const job_id = test.driver();
  const group = test.group([{ CPU: 1 }], "PACK", { job_id });
  assert.equal(test.brain.group(group)?.state, "CREATED");
});

Deno.test("a driver that is gone from the report has ended", () => {
  const test = cluster();
  const job_id = test.driver(2);
  const [job] = [test.brain.job(job_id)!];
  cut(test);
  test.join(2, { GPU: 2 }, { actors: [], jobs: [job], deaths: [] });
  assert.equal(test.brain.job(job_id)?.state, "running");
  cut(test);
  back(test, []);
  assert.match(test.brain.job(job_id)?.reason ?? "", /gone when node/);
});

Deno.test("a node that counts its GPUs wrongly is refused in words", () => {
  const test = new TestCluster();
  test.tell({ kind: "node.join", node: { ...nodeSpec(1, { GPU: 2 }), gpu_ids: [] } });
  assert.match(test.got("node.rejected")[0]?.reason ?? "", /got 2 GPU and 0 ids/);
  assert.equal(test.brain.books.nodes.size, 0);
});
