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
