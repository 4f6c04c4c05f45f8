import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";

function free(test: TestCluster, name: string): number {
  return (test.brain.books.node_ledgers.get(nodeSpec(1).node_id)?.free[name] ?? 0) / 10_000;
}

Deno.test("a leased worker without tasks holds nothing but its devices", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 1, mlx: 1 });
  test.driver();
  const lease = test.actor({ CPU: 1, GPU: 1, mlx: 1 }, { kind: "task" });
  test.up(lease);
  const next = test.actor({ mlx: 1 }, { kind: "task" });
  test.tell({ kind: "actor.returned", actor_id: lease, incarnation: 1 });
  assert.equal(test.brain.actor(next)?.step, "starting");
  assert.deepEqual([free(test, "CPU"), free(test, "GPU")], [4, 0]);
  test.tell({ kind: "actor.returned", actor_id: lease, incarnation: 1 });
  test.tell({ kind: "actor.blocked", actor_id: lease, incarnation: 1 });
  assert.equal(free(test, "CPU"), 4);
  test.died(lease);
  assert.deepEqual([free(test, "CPU"), free(test, "GPU"), free(test, "mlx")], [4, 1, 0]);
});

Deno.test("a blocked worker that returns what it holds gives it back once", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.driver();
  const lease = test.actor({ CPU: 2 }, { kind: "task" });
  test.up(lease);
  test.tell({ kind: "actor.blocked", actor_id: lease, incarnation: 1 });
  assert.equal(free(test, "CPU"), 4);
  test.tell({ kind: "actor.returned", actor_id: lease, incarnation: 1 });
  assert.equal(free(test, "CPU"), 4);
  test.tell({ kind: "actor.unblocked", actor_id: lease, incarnation: 1 });
  assert.equal(free(test, "CPU"), 4);
});

Deno.test("an actor cannot return what it holds", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.driver();
  const actor = test.actor({ CPU: 2 });
  test.up(actor);
  test.tell({ kind: "actor.returned", actor_id: actor, incarnation: 1 });
  assert.equal(free(test, "CPU"), 2);
});

Deno.test("what was said while the link was cut counts once the node is back", () => {
  const test = new TestCluster();
  const node_id = test.join(1, { CPU: 4 });
  const job_id = test.driver();
  const [blocked, returned] = [1, 2].map((CPU) => {
    const lease = test.actor({ CPU }, { kind: "task" });
    test.up(lease);
    return lease;
  });
  assert.equal(free(test, "CPU"), 1);
  test.tell({ kind: "node.lost", node_id, reason: "cut" });
  const worker = { incarnation: 1, pid: 100, address: "sock", initialized: true };
  test.join(1, { CPU: 4 }, {
    actors: [
      { ...worker, actor_id: blocked!, blocked: true },
      { ...worker, actor_id: returned!, returned: true },
    ],
    jobs: [{ ...test.brain.job(job_id)! }],
    deaths: [],
  });
  assert.equal(free(test, "CPU"), 4);
});
