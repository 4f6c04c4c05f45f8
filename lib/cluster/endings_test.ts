import assert from "assert";
import { CRASH, nodeSpec, TestCluster } from "./fixture.ts";

function cluster(nodes = 1): TestCluster {
  const test = new TestCluster();
  for (let n = 1; n <= nodes; n++) test.join(n, { CPU: 4, GPU: 2 });
  test.driver();
  return test;
}

Deno.test("the end of a driver ends what it owned, nested jobs and grandchildren included", () => {
  const test = cluster();
  const pg_id = test.group([{ GPU: 1 }]);
  const outer = test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 0 } });
  test.up(outer);
  const nested = test.driver(1, outer);
  const inner = test.actor({ GPU: 1 }, { job_id: nested });
  const kept = test.actor({}, { detached: true });
  test.tell({ kind: "job.end", job_id: "01000000", reason: "it was killed by SIGKILL" });
  assert.deepEqual(test.got("worker.stop").map((one) => one.actor_id), [outer, inner]);
  assert.equal(test.brain.job(nested)?.state, "ended");
  assert.equal(test.brain.group(pg_id)?.state, "REMOVED");
  assert.equal(test.brain.actor(kept)?.state, "PENDING_CREATION");
  const cause = /^job 01000000 \(driver pid 7 on 10.0.0.1\)$/;
  assert.match(test.brain.actor(inner)?.death?.caused_by ?? "", cause);
  assert.equal(test.freeGpu(1), 0, "the workers are not gone yet");
  test.died(outer);
  test.died(inner);
  assert.equal(test.freeGpu(1), 20_000);
});

Deno.test("removing a group kills who is in it, and frees it when they are gone", () => {
  const test = cluster();
  const pg_id = test.group([{ GPU: 1 }, { GPU: 1 }]);
  const actor = test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 0 }, max_restarts: -1 });
  test.up(actor);
  test.tell({ kind: "group.remove", pg_id });
  const [stop] = test.got("worker.stop");
  assert.equal(stop?.report.kind, "group");
  assert.match(stop?.report.message ?? "", /Its placement group aaaaaaaa… was removed/);
  assert.equal(test.brain.actor(actor)?.state, "DEAD");
  assert.equal(test.freeGpu(1), 10_000);
  test.died(actor);
  assert.equal(test.freeGpu(1), 20_000);
});

Deno.test("restarts count, and end", () => {
  const test = cluster();
  const actor = test.actor({ GPU: 1 }, { max_restarts: 1 });
  test.up(actor);
  test.died(actor);
  assert.equal(test.got("worker.start")[0]?.incarnation, 2);
  assert.equal(test.brain.actor(actor)?.state, "RESTARTING");
  test.up(actor);
  test.died(actor, CRASH, 1);
  assert.equal(test.brain.actor(actor)?.state, "ALIVE", "a late report of the first one");
  test.died(actor);
  const dead = test.brain.actor(actor)!;
  assert.equal(dead.state, "DEAD");
  assert.equal(dead.death?.signal, "SIGKILL");
  assert.deepEqual([dead.death?.node_ip, dead.death?.pid, dead.death?.devices], [
    "10.0.0.1",
    100,
    ["gpu0"],
  ]);
});

Deno.test("no restart after an error in __init__, an intended exit, or ray.kill", () => {
  const test = cluster();
  const endings: ((id: string) => void)[] = [
    (id) => test.died(id, { kind: "init", message: "__init__ raised." }),
    (id) => {
      const node_id = nodeSpec(1).node_id;
      const report = { kind: "exit", message: "exit_actor" } as const;
      test.tell({
        kind: "actor.died",
        node_id,
        actor_id: id,
        incarnation: 1,
        report,
        intended: true,
      });
    },
    (id) => test.kill(id),
  ];
  for (const end of endings) {
    const actor = test.actor({}, { max_restarts: -1 });
    end(actor);
    assert.equal(test.brain.actor(actor)?.state, "DEAD");
  }
});

Deno.test("ray.kill with restart starts a new worker while the old one still goes", () => {
  const test = cluster();
  const actor = test.actor({ GPU: 1 }, { max_restarts: 1 });
  test.up(actor);
  test.kill(actor, false);
  assert.equal(test.got("worker.stop")[0]?.incarnation, 1);
  assert.deepEqual(test.got("worker.start")[0]?.device_ids, ["gpu1"]);
  test.died(actor);
  assert.equal(test.freeGpu(1), 10_000);
});

Deno.test("a failed start is tried again ever more slowly, if restarts are left", () => {
  const test = cluster();
  const actor = test.actor({}, { max_restarts: -1 });
  const fail = () => {
    const { node_id, incarnation } = test.brain.actor(actor)!;
    const report = { kind: "start", message: "fork failed" } as const;
    test.tell({ kind: "actor.placed_failed", node_id, actor_id: actor, incarnation, report });
  };
  fail();
  assert.deepEqual(test.got("worker.start"), []);
  test.pass(1);
  assert.equal(test.got("worker.start").length, 1);
  fail();
  test.pass(1);
  assert.match(
    test.brain.explain(actor) ?? "",
    /failed to start \(fork failed\); it is tried again/,
  );
  test.pass(1);
  assert.equal(test.got("worker.start").length, 1);
});

Deno.test("a lost node ends its actors and its drivers' jobs, and moves its bundles", () => {
  const test = cluster(2);
  test.join(3, { GPU: 2 });
  const job2 = test.driver(2);
  const pg_id = test.group([{ GPU: 1 }, { GPU: 1 }], "STRICT_SPREAD");
  const theirs = test.actor({}, { job_id: job2 });
  const [first, second] = test.nodesOf(pg_id);
  const lost = first === 1 ? second! : first!;
  const index = first === 1 ? 1 : 0;
  const mine = test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: index }, max_restarts: 1 });
  test.up(mine);
  test.tell({ kind: "node.leave", node_id: nodeSpec(lost).node_id, reason: "beam down" });
  const moved = test.nodesOf(pg_id);
  assert.ok(!moved.includes(lost) && moved.length === 2 && moved[0] !== moved[1]);
  const actor = test.brain.actor(mine)!;
  assert.deepEqual([actor.state, actor.incarnation, Number(actor.node_id)], [
    "RESTARTING",
    2,
    moved[index],
  ]);
  assert.equal(actor.death?.kind, "node");
  assert.equal(test.brain.job(job2)?.state, lost === 2 ? "ended" : "running");
  assert.equal(test.brain.actor(theirs)?.state === "DEAD", lost === 2);
});

Deno.test("an actor's children die with its process even when it is restarted", () => {
  const test = cluster();
  const parent = test.actor({}, { max_restarts: 1 });
  test.up(parent);
  const child = test.actor({}, {
    owner: { job_id: "01000000", actor_id: parent },
    max_restarts: -1,
  });
  test.died(parent);
  assert.equal(test.brain.actor(parent)?.state, "RESTARTING");
  assert.equal(test.brain.actor(child)?.state, "DEAD");
  assert.match(test.brain.actor(child)?.death?.caused_by ?? "", /^actor Worker \(b+…\)$/);
});

Deno.test("a group made by an actor stays until the job ends, under a detached one until it dies", () => {
  const test = cluster();
  const plain = test.actor();
  const detached = test.actor({}, { detached: true });
  const of = (actor_id: string) => ({ owner: { job_id: "01000000", actor_id } });
  const first = test.group([{ GPU: 1 }], "PACK", of(plain));
  const second = test.group([{ GPU: 1 }], "PACK", of(detached));
  test.died(plain);
  assert.equal(test.brain.group(first)?.state, "CREATED");
  test.tell({ kind: "job.end", job_id: "01000000", reason: "it finished" });
  assert.equal(test.brain.group(first)?.state, "REMOVED");
  assert.equal(test.brain.group(second)?.state, "CREATED");
  test.died(detached);
  assert.equal(test.brain.group(second)?.state, "REMOVED");
});

Deno.test("a restart for a node that is taken away costs none of those an actor has", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  test.join(2, { CPU: 1 });
  const job_id = test.driver();
  const [moves, stays] = [1, 0].map((max_restarts) =>
    test.actor({ CPU: 1 }, { job_id, max_restarts })
  );
  for (const actor of [moves!, stays!]) test.up(actor);
  const at = (actor: string) => test.brain.actor(actor)!;
  for (let round = 0; round < 2; round++) {
    const { node_id } = at(moves!);
    test.tell({ kind: "node.drain", node_id, evict: true });
    test.died(moves!);
    test.tell({ kind: "node.drain", node_id, undo: true });
    test.up(moves!);
  }
  assert.deepEqual([at(moves!).restarts, at(moves!).state], [2, "ALIVE"]);
  test.died(moves!);
  assert.equal(at(moves!).restarts, 3);
  test.up(moves!);
  test.died(moves!);
  assert.equal(at(moves!).state, "DEAD");
  test.tell({ kind: "node.drain", node_id: at(stays!).node_id, evict: true });
  assert.equal(at(stays!).state, "DEAD");
});

Deno.test("a kill that is sent again kills once, also after a restart of the head", () => {
  const test = new TestCluster();
  test.join(1);
  const job = test.driver();
  const actor = test.actor({}, { max_restarts: -1 });
  test.up(actor);
  const report = { kind: "killed" as const, message: "It was killed by ray.kill()." };
  const kill = { kind: "actor.kill" as const, actor_id: actor, no_restart: false, report };
  test.tell({ ...kill, ask: "a:1" });
  assert.equal(test.brain.actor(actor)?.incarnation, 2);
  test.up(actor);
  test.tell({ ...kill, ask: "a:1" });
  assert.equal(test.brain.actor(actor)?.incarnation, 2);
  const record = test.brain.job(job)!;
  test.restartHead();
  const running = { actor_id: actor, incarnation: 2, pid: 9, address: "x", initialized: true };
  test.join(1, undefined, { actors: [running], jobs: [record], deaths: [] });
  test.tell({ ...kill, ask: "a:1" });
  assert.equal(test.brain.actor(actor)?.incarnation, 2);
  test.tell({ ...kill, ask: "a:2" });
  assert.equal(test.brain.actor(actor)?.incarnation, 3);
});
