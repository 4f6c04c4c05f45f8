import assert from "assert";
import { TestCluster } from "./fixture.ts";

Deno.test("what ended long ago is forgotten, in the journal too; what lives stays", () => {
  const test = new TestCluster({ keep_ended: 2 });
  test.join(1, { CPU: 4 });
  test.driver();
  const alive = test.actor();
  const ended = [1, 2, 3, 4].map(() => {
    const actor = test.actor();
    test.died(actor);
    return actor;
  });
  const leaving = test.actor();
  test.kill(leaving);
  for (let count = 0; count < 4; count++) {
    test.tell({ kind: "group.remove", pg_id: test.group([{ CPU: 1 }]) });
  }
  test.pass(1);
  assert.deepEqual([...test.brain.books.actors.keys()], [alive, ended[2], ended[3], leaving]);
  assert.equal(test.rows.get(`actors/${ended[0]}`)?.row, null);
  assert.equal(test.brain.books.groups.size, 2);
  test.restartHead();
  assert.equal(test.brain.books.actors.size, 4);
});

Deno.test("workers for tasks that ended do not push out actors", () => {
  const test = new TestCluster({ keep_ended: 2 });
  test.join(1, { CPU: 4 });
  test.driver();
  const ended = (kind: "actor" | "task") => {
    const actor = test.actor({ CPU: 1 }, { kind });
    test.died(actor);
    return actor;
  };
  const actors = [ended("actor"), ended("actor")];
  const tasks = [1, 2, 3, 4].map(() => ended("task"));
  test.pass(1);
  assert.deepEqual([...test.brain.books.actors.keys()], [...actors, tasks[2], tasks[3]]);
});

Deno.test("what ended first is forgotten first, however long ago it began", () => {
  const test = new TestCluster({ keep_ended: 2 });
  test.join(9, { CPU: 4 });
  const old = { actor: test.actor({}, { job_id: test.driver(9) }), job: test.driver(9) };
  const group = test.group([{ CPU: 1 }]);
  for (let count = 0; count < 3; count++) {
    test.now += 1000;
    test.died(test.actor());
    test.tell({ kind: "group.remove", pg_id: test.group([{ CPU: 1 }]) });
    test.tell({ kind: "job.end", job_id: test.driver(9), reason: "done" });
  }
  test.pass(1, [9]);
  test.died(old.actor);
  test.tell({ kind: "group.remove", pg_id: group });
  test.tell({ kind: "job.end", job_id: old.job, reason: "done" });
  test.pass(1, [9]);
  const { actors, groups, jobs } = test.brain.books;
  assert.ok(test.brain.actor(old.actor)?.death);
  assert.ok(test.brain.group(group));
  assert.ok(test.brain.job(old.job));
  assert.deepEqual([actors.size, groups.size, jobs.size], [2, 2, 3]);
});
