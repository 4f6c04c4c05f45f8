import assert from "assert";
import { TestCluster } from "./fixture.ts";
import { demandLines, pendingReasons } from "./pending.ts";

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 1 });
  test.driver();
  return test;
}

Deno.test("demands read as scripts expect them of ray status", () => {
  const test = cluster();
  test.group([{ GPU: 8 }]);
  test.group([{ GPU: 1 }, { GPU: 1 }, { CPU: 0.5 }], "STRICT_PACK");
  test.group([{ GPU: 8 }]);
  test.actor({ CPU: 2 });
  test.actor({ CPU: 2 });
  assert.deepEqual(demandLines(test.brain.books), [
    " {'GPU': 8.0} * 1 (PACK): 2+ pending placement groups",
    " {'GPU': 1.0} * 2, {'CPU': 0.5} * 1 (STRICT_PACK): 1+ pending placement groups",
    " {'CPU': 2.0}: 2+ pending tasks/actors",
  ]);
});

Deno.test("everything that waits has a reason, and whether it can ever be", () => {
  const test = cluster();
  test.actor({ CPU: 1 });
  const later = test.actor({ CPU: 1 });
  test.actor({ CPU: 1 });
  const never = test.group([{ GPU: 1 }]);
  const reasons = pendingReasons(test.brain.books);
  assert.deepEqual(reasons.map((one) => [one.id, one.feasible, one.count]), [[later, true, 2], [
    never,
    false,
    1,
  ]]);
  assert.ok(reasons.every((one) => one.text.includes("waits:")));
});
