import assert from "assert";
import { TestCluster } from "./fixture.ts";

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 2 });
  test.driver();
  return test;
}

/** Code and message of the refusal in the last step. */
function refusal(test: TestCluster): [string, string] {
  const effect = test.got("actor.rejected")[0] ?? test.got("group.rejected")[0];
  return [effect?.code ?? "", effect?.message ?? ""];
}

Deno.test("a fraction of GPU above one is refused, for actors and bundles", () => {
  const test = cluster();
  test.actor({ GPU: 1.5 });
  assert.deepEqual(refusal(test)[0], "bad_resources");
  assert.match(
    refusal(test)[1],
    /Cannot create actor Worker .* GPU must be a whole number .* 1\.5/,
  );
  test.group([{ GPU: 1 }, { GPU: 2.5 }]);
  assert.match(refusal(test)[1], /bundle 1: GPU must be a whole number when above 1, got 2.5/);
});

Deno.test("groups without bundles, with an empty one or another strategy are refused", () => {
  const test = cluster();
  test.group([]);
  assert.match(refusal(test)[1], /at least one bundle/);
  test.group([{ GPU: 1 }, { GPU: 0 }]);
  assert.match(refusal(test)[1], /bundle 1 must ask for something/);
  test.group([{ GPU: 1 }], "SIDEWAYS" as "PACK");
  assert.match(refusal(test)[1], /got SIDEWAYS/);
  assert.equal(test.brain.books.groups.size, 0);
});

Deno.test("a name is taken until its actor is dead", () => {
  const test = cluster();
  const first = test.actor({}, { name: "boss" });
  test.actor({}, { name: "boss" });
  assert.deepEqual(refusal(test)[0], "name_taken");
  test.actor({}, { name: "boss", namespace: "other" });
  assert.deepEqual(refusal(test)[0], "");
  test.kill(first);
  const next = test.actor({}, { name: "boss" });
  assert.equal(test.brain.findActor("ns", "boss")?.actor_id, next);
});

Deno.test("what a dead owner asks for is refused", () => {
  const test = cluster();
  const owner = test.actor({}, { max_restarts: 1 });
  const of = (incarnation: number) => ({
    owner: { job_id: "01000000", actor_id: owner, incarnation },
  });
  test.up(owner);
  test.died(owner);
  test.actor({}, of(1));
  assert.match(refusal(test)[1], /was restarted since/);
  test.actor({}, of(2));
  assert.equal(refusal(test)[0], "");
  test.kill(owner);
  test.actor({}, of(2));
  assert.deepEqual(refusal(test)[0], "owner_dead");
  test.tell({ kind: "job.end", job_id: "01000000", reason: "it finished" });
  test.group([{ GPU: 1 }]);
  assert.deepEqual(refusal(test)[0], "owner_dead");
  test.actor({}, { job_id: "09000000" });
  assert.match(refusal(test)[1], /not known. Call ray.init\(\) first/);
});

Deno.test("an actor that no bundle can ever hold is refused", () => {
  const test = cluster();
  const pg_id = test.group([{ CPU: 1 }, { GPU: 0.5 }]);
  test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: 1 } });
  assert.match(refusal(test)[1], /it needs 1 GPU, and bundle 1 of placement group .* \{0.5 GPU\}/);
  test.actor({ GPU: 1 }, { pg: { pg_id, bundle_index: -1 } });
  assert.match(refusal(test)[1], /no bundle of placement group/);
  test.actor({}, { pg: { pg_id, bundle_index: 2 } });
  assert.match(refusal(test)[1], /bundle index must be -1 to 1 .* got 2/);
  test.tell({ kind: "group.remove", pg_id });
  test.actor({}, { pg: { pg_id, bundle_index: 0 } });
  assert.deepEqual(refusal(test)[0], "group_removed");
});
