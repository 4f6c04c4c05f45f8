import assert from "assert";
import { TestCluster } from "./fixture.ts";
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
