import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";

Deno.test("asking twice is answered and changes nothing", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  const job_id = test.driver();
  const actor_id = test.actor();
  const pg_id = test.group([{ CPU: 1 }]);
  const { actors, groups, jobs } = test.brain.books;
  test.tell({ kind: "actor.create", actor: actors.get(actor_id)! });
  assert.deepEqual(test.effects, [{ kind: "actor.changed", actor_id }]);
  test.tell({ kind: "group.create", group: groups.get(pg_id)! });
  assert.deepEqual(test.effects, [{ kind: "group.changed", pg_id }]);
  test.tell({ kind: "job.start", job: jobs.get(job_id)! });
  assert.deepEqual(test.effects, [{ kind: "job.changed", job_id }]);
});

Deno.test("events about what nobody knows are ignored", () => {
  const test = new TestCluster();
  const id = "0".repeat(32);
  const report = { kind: "killed", message: "It was killed." } as const;
  test.tell({ kind: "node.seen", node_id: id });
  test.tell({ kind: "job.end", job_id: id, reason: "none" });
  test.tell({ kind: "group.remove", pg_id: id });
  test.tell({ kind: "actor.kill", actor_id: id, no_restart: true, report });
  test.tell({ kind: "actor.died", node_id: id, actor_id: id, incarnation: 1, report });
  test.tell({ kind: "actor.blocked", actor_id: id, incarnation: 1 });
  assert.deepEqual(test.effects, []);
});

Deno.test("job ids follow each other, also after one that was taken over", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  assert.equal(test.driver(), "01000000");
  const job = { ...test.brain.job("01000000")!, job_id: "09000000" };
  test.tell({ kind: "job.start", job });
  assert.equal(test.brain.nextJobId(), "0a000000");
  test.tell({ kind: "job.start", job: { ...job, job_id: "x" } });
  assert.match(test.got("job.rejected")[0]?.message ?? "", /8 hex digits/);
  test.tell({ kind: "job.start", job: { ...job, job_id: "0b000000", parent_actor: "gone" } });
  assert.match(
    test.got("job.rejected")[0]?.message ?? "",
    /inside which its driver runs, has ended/,
  );
});

Deno.test("a clock that runs backwards harms nobody", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.pass(2);
  test.now -= 3_600_000;
  test.tell({ kind: "tick" });
  test.now += 3_600_000;
  test.pass(2);
  assert.equal(test.brain.node(nodeSpec(1).node_id)?.state, "alive");
});

Deno.test("an actor that is killed while it waits with restarts left goes on waiting", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.driver();
  const actor = test.actor({ GPU: 1 }, { max_restarts: 1 });
  test.kill(actor, false);
  assert.equal(test.brain.actor(actor)?.step, "waiting");
  test.kill(actor, true);
  assert.equal(test.brain.actor(actor)?.state, "DEAD");
});
