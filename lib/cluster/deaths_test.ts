import assert from "assert";
import type { DeathReport } from "./death.ts";
import { deathsView } from "./deaths.ts";
import { CRASH, nodeSpec, TestCluster } from "./fixture.ts";

const TORN: DeathReport = { kind: "exit", exit_code: 1, message: "It left.", peer_lost: true };

function crew(config = {}): { test: TestCluster; pg_id: string; ranks: string[] } {
  const test = new TestCluster(config);
  test.join(1, { CPU: 4 });
  test.join(2, { CPU: 4 });
  const job_id = test.driver();
  const pg_id = test.group([{ CPU: 2 }, { CPU: 2 }], "STRICT_SPREAD", { job_id });
  const ranks = [0, 1, 0, 1].map((bundle_index, at) =>
    test.actor({ CPU: 1 }, { job_id, name: `rank${at}`, pg: { pg_id, bundle_index } })
  );
  for (const rank of ranks) test.up(rank);
  return { test, pg_id, ranks };
}

const seen = (test: TestCluster) => deathsView(test.brain.books);
const ids = (test: TestCluster) => seen(test).map((death) => death.actor_id || death.death_id);

Deno.test("the first death of a group is remembered before those that follow from it", () => {
  const { test, ranks } = crew();
  const other = test.actor();
  test.up(other);
  test.died(ranks[2]!);
  test.died(other);
  test.now += 300;
  for (const at of [0, 1, 3]) test.died(ranks[at]!, TORN);
  assert.deepEqual(ids(test), [ranks[2], ranks[0], ranks[1], ranks[3], other]);
  const [first, second] = seen(test);
  assert.equal(first?.first, undefined);
  assert.equal(second?.first, first?.death_id);
  const { death } = test.brain.actor(ranks[0]!)!;
  assert.match(death?.caused_by ?? "", /^actor rank2 \(/);
  assert.equal(death?.cause_message, CRASH.message);
});

Deno.test("a follower that was told of first is put behind the first when that is told", () => {
  const { test, ranks } = crew();
  test.died(ranks[1]!, TORN);
  assert.equal(test.brain.actor(ranks[1]!)?.death?.caused_by, undefined);
  test.now += 20;
  test.died(ranks[0]!);
  assert.deepEqual(ids(test), [ranks[0], ranks[1]]);
  assert.match(test.brain.actor(ranks[1]!)?.death?.caused_by ?? "", /^actor rank0 \(/);
});

Deno.test("a node's loss is first, also where others missed its workers long before", () => {
  const { test, ranks } = crew();
  test.pass(1, [1]);
  const here = ranks.filter((id) => test.brain.actor(id)!.node_id === nodeSpec(1).node_id);
  test.died(here[0]!, TORN);
  test.pass(8, [1]);
  const [first, ...rest] = seen(test);
  assert.equal(first?.of, "node");
  assert.match(first?.report.message ?? "", /node 10\.0\.0\.2 .* was lost/);
  assert.deepEqual(rest.map((one) => one.first), rest.map(() => first?.death_id));
  assert.equal(rest.length, 3);
  assert.match(test.brain.actor(here[0]!)?.death?.caused_by ?? "", /^node 10\.0\.0\.2/);
});

Deno.test("what ends with its owner is remembered behind it; what was asked for is not", () => {
  const { test } = crew();
  const owner = test.actor();
  test.up(owner);
  const owned = test.actor({}, { owner: { job_id: "01000000", actor_id: owner } });
  test.up(owned);
  const killed = test.actor();
  test.up(killed);
  test.kill(killed);
  test.died(owner);
  assert.deepEqual(ids(test), [owner, owned]);
});

Deno.test("every incarnation's death is remembered, an end on purpose is none", () => {
  const { test } = crew();
  const actor = test.actor({}, { max_restarts: 1 });
  test.up(actor);
  test.died(actor);
  test.up(actor);
  test.died(actor);
  assert.deepEqual(seen(test).map((one) => [one.incarnation, one.restarted]), [
    [1, true],
    [2, false],
  ]);
  const leaver = test.actor();
  test.up(leaver);
  const { node_id, incarnation } = test.brain.actor(leaver)!;
  const report: DeathReport = { kind: "exit", message: "exit_actor() was called." };
  test.tell({
    kind: "actor.died",
    node_id,
    actor_id: leaver,
    incarnation,
    report,
    intended: true,
  });
  assert.equal(seen(test).length, 2);
});

Deno.test("the memory is bounded, and outlives the head", () => {
  const { test } = crew({ keep_deaths: 3 });
  const actors = Array.from({ length: 5 }, () => test.actor());
  for (const actor of actors) {
    test.up(actor);
    test.died(actor);
  }
  assert.deepEqual(ids(test), actors.slice(2));
  test.restartHead();
  assert.deepEqual(ids(test), actors.slice(2));
  assert.equal(test.brain.books.next_death, 6);
});

Deno.test("a start that fails again and again is one death", () => {
  const { test } = crew();
  const actor = test.actor({}, { max_restarts: -1 });
  const report: DeathReport = { kind: "start", message: "No worker could be started." };
  for (let attempt = 0; attempt < 3; attempt++) {
    const { node_id, incarnation } = test.brain.actor(actor)!;
    test.tell({ kind: "actor.placed_failed", node_id, actor_id: actor, incarnation, report });
    test.pass(60, [1, 2]);
  }
  assert.deepEqual(seen(test).map((one) => one.incarnation), [3]);
});
