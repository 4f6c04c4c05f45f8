import assert from "assert";
import { TestCluster } from "./fixture.ts";

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  test.driver();
  return test;
}

Deno.test("a waiting group is explained to its driver after 5 s and every 30 s from then", () => {
  const test = cluster();
  const pg_id = test.group([{ GPU: 1 }]);
  test.pass(4);
  assert.deepEqual(test.got("warn"), []);
  test.pass(1);
  const [warning] = test.got("warn");
  assert.deepEqual([warning?.job_id, warning?.code, warning?.subject], [
    "01000000",
    "pending_group",
    pg_id,
  ]);
  assert.match(warning?.text ?? "", /bundle 0 needs 1 GPU; node 10.0.0.1 has no GPU/);
  test.pass(29);
  assert.deepEqual(test.got("warn"), []);
  test.pass(1);
  assert.equal(test.got("warn").length, 1);
});

Deno.test("actors that wait alike are told of once, those of a waiting group not at all", () => {
  const test = cluster();
  const pg_id = test.group([{ GPU: 1 }]);
  for (let count = 0; count < 3; count++) {
    test.actor({ CPU: 2 });
    test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 0 } });
  }
  test.pass(6);
  const texts = test.got("warn").map((warning) => `${warning.code}: ${warning.text}`);
  assert.equal(texts.length, 2);
  assert.match(texts[1] ?? "", /^pending_actor: .* needs 2 CPU; .* 2 more like it wait as well\.$/);
});

Deno.test("what was placed in time, or has no driver left, is not warned about", () => {
  const test = cluster();
  test.group([{ GPU: 1 }]);
  test.group([{ GPU: 9 }], "PACK", { detached: true });
  test.tell({ kind: "job.end", job_id: "01000000", reason: "it finished" });
  test.pass(6);
  assert.deepEqual(test.got("warn"), []);
});
