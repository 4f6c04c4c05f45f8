import assert from "assert";
import { Books } from "./books.ts";
import { DEFAULT_CONFIG } from "./config.ts";
import { TestCluster } from "./fixture.ts";

Deno.test("a step's rows come out once, however often they were touched", () => {
  const books = new Books(DEFAULT_CONFIG);
  books.touch("jobs", "01000000");
  books.act({ kind: "node.rejected", node_id: "n", reason: "r" });
  books.touch("jobs", "01000000", false);
  const effects = books.drain(() => "row");
  assert.deepEqual(effects.map((effect) => effect.kind), [
    "persist",
    "node.rejected",
    "job.changed",
  ]);
  assert.deepEqual(books.drain(() => "row"), []);
});

Deno.test("ledgers, names and queue are rebuilt from the records alone", () => {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 2 });
  test.driver();
  const pg_id = test.group([{ GPU: 1 }]);
  const first = test.actor({ GPU: 0.5 }, { pg: { pg_id, bundle_index: 0 }, name: "a" });
  test.actor({ CPU: 1 });
  test.actor({ GPU: 2 });
  test.up(first);
  test.kill(first);
  const { books } = test.brain;
  const before = structuredClone([
    books.node_ledgers,
    books.bundle_ledgers,
    books.queue,
    books.names,
  ]);
  books.rebuild();
  assert.deepEqual([books.node_ledgers, books.bundle_ledgers, books.queue, books.names], before);
});
