import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";
import { isQueueing } from "./leases.ts";

function lease(test: TestCluster, job_id: string, floats: Record<string, number> = { CPU: 1 }) {
  const actor_id = test.actor(floats, { job_id, owner: { job_id }, kind: "task" });
  if (test.brain.actor(actor_id)?.step === "starting") test.up(actor_id);
  return actor_id;
}

Deno.test("an owner is asked once for what another one waits for", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 2 });
  const [mine, theirs] = [test.driver(), test.driver()];
  const held = [lease(test, mine!), lease(test, mine!)];
  lease(test, mine!);
  assert.deepEqual(test.pass(3).filter((one) => one.kind === "lease.wanted"), []);
  lease(test, theirs!);
  const asked = test.pass(3).filter((one) => one.kind === "lease.wanted");
  assert.deepEqual(asked.map((one) => one.actor_id), held);
});

Deno.test("an owner is not asked for what nobody waits for", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 2, mlx: 1 });
  const [mine, theirs] = [test.driver(), test.driver()];
  lease(test, mine!);
  test.actor({ mlx: 1 }, { job_id: theirs!, owner: { job_id: theirs! } });
  test.group([{ mlx: 1 }], "PACK", { job_id: theirs!, owner: { job_id: theirs! } });
  assert.deepEqual(test.pass(3).filter((one) => one.kind === "lease.wanted"), []);
  test.group([{ CPU: 2 }], "PACK", { job_id: theirs!, owner: { job_id: theirs! } });
  assert.equal(test.pass(3).filter((one) => one.kind === "lease.wanted").length, 1);
});

Deno.test("an owner's own actor or group has its turn among the owner's many tasks", () => {
  for (const kind of ["actor", "group"] as const) {
    const test = new TestCluster();
    test.join(1, { CPU: 2 });
    const job_id = test.driver();
    const held = [lease(test, job_id), lease(test, job_id)];
    if (kind === "actor") test.actor({ CPU: 2 }, { job_id });
    else test.group([{ CPU: 2 }], "PACK", { job_id });
    const asked = test.pass(3).filter((one) => one.kind === "lease.wanted");
    assert.deepEqual(asked.map((one) => one.actor_id), held, kind);
  }
});

Deno.test("nobody is asked for the sake of what would not have its place all the same", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 2, GPU: 1 });
  const [mine, theirs] = [test.driver(), test.driver()];
  const asks = { job_id: theirs!, owner: { job_id: theirs! } };
  const pg_id = test.group([{ CPU: 1 }], "PACK", asks);
  const inside = { ...asks, pg: { pg_id, bundle_index: 0 } };
  test.up(test.actor({ CPU: 1 }, inside));
  test.up(test.actor({ GPU: 1 }, asks));
  const held = lease(test, mine!);
  test.actor({ CPU: 9 }, asks);
  test.actor({ CPU: 1, GPU: 1 }, asks);
  test.actor({ CPU: 1 }, inside);
  test.group([{ CPU: 1 }, { CPU: 2 }], "PACK", asks);
  assert.deepEqual(test.pass(3).filter((one) => one.kind === "lease.wanted"), []);
  test.actor({ CPU: 1 }, asks);
  const asked = test.pass(3).filter((one) => one.kind === "lease.wanted");
  assert.deepEqual(asked.map((one) => one.actor_id), [held]);
});

Deno.test("an owner whose node was away is asked again for what it may not have heard of", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  test.join(2, { CPU: 0 });
  const [mine, theirs] = [test.driver(2), test.driver(1)];
  const held = lease(test, mine!);
  lease(test, theirs!);
  const wanted = () => test.pass(1).filter((one) => one.kind === "lease.wanted");
  assert.equal(wanted().length, 1);
  const { node_id } = nodeSpec(2);
  test.tell({ kind: "node.lost", node_id, reason: "cut" });
  test.join(2, { CPU: 0 }, { actors: [], jobs: [test.brain.job(mine!)!], deaths: [] });
  assert.deepEqual(wanted(), [{ kind: "lease.wanted", node_id, actor_id: held }]);
  assert.deepEqual(wanted(), []);
});

Deno.test("who has fewer workers gets the next one", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 2 });
  const [mine, theirs] = [test.driver(), test.driver()];
  const held = [lease(test, mine!), lease(test, mine!)];
  const more = [lease(test, mine!), lease(test, mine!)];
  const late = [lease(test, theirs!), lease(test, theirs!)];
  const step = (id: string | undefined) => test.brain.actor(id!)?.step;
  test.died(held[0]!);
  assert.deepEqual([...more, ...late].map(step), ["waiting", "waiting", "starting", "waiting"]);
  test.died(held[1]!);
  assert.deepEqual([...more, ...late].map(step), ["starting", "waiting", "starting", "waiting"]);
});

Deno.test("tasks that wait behind others are a queue, not worth a warning", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  const job_id = test.driver();
  const running = lease(test, job_id);
  const waiting = lease(test, job_id);
  assert.ok(isQueueing(test.brain.books, test.brain.actor(waiting)!));
  assert.deepEqual(test.pass(10).filter((one) => one.kind === "warn"), []);
  const never = lease(test, job_id, { CPU: 9 });
  assert.deepEqual(
    test.pass(6).flatMap((one) => one.kind === "warn" ? [one.subject] : []),
    [never],
  );
  test.died(running);
  assert.equal(test.brain.actor(waiting)?.step, "starting");
});
