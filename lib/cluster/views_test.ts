import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";
import {
  actorsView,
  availablePerNode,
  clusterTotals,
  groupsView,
  jobsView,
  nodesView,
  totalPerNode,
} from "./views.ts";

const node_id = nodeSpec(1).node_id;

function cluster() {
  const test = new TestCluster();
  test.join(1, { CPU: 4, GPU: 2 });
  test.driver();
  const pg_id = test.group([{ GPU: 1, "node:192.168.0.1": 0.001 }, { CPU: 1 }], "PACK", {
    name: "g",
  });
  const actor = test.actor({ GPU: 0.5 }, { pg: { pg_id, bundle_index: 0 }, name: "inside" });
  test.actor({ GPU: 1 }, { name: "outside" });
  return { test, pg_id, actor, books: test.brain.books };
}

Deno.test("free amounts come under Ray's names, exhausted ones are left out", () => {
  const { books, pg_id } = cluster();
  assert.deepEqual(availablePerNode(books)[node_id], {
    CPU: 3,
    "node:10.0.0.1": 0.999,
    [`GPU_group_${pg_id}`]: 0.5,
    [`GPU_group_0_${pg_id}`]: 0.5,
    [`node:10.0.0.1_group_${pg_id}`]: 0.001,
    [`node:10.0.0.1_group_0_${pg_id}`]: 0.001,
    [`CPU_group_${pg_id}`]: 1,
    [`CPU_group_1_${pg_id}`]: 1,
    [`bundle_group_${pg_id}`]: 2000,
    [`bundle_group_0_${pg_id}`]: 1000,
    [`bundle_group_1_${pg_id}`]: 1000,
  });
  assert.deepEqual(totalPerNode(books)[node_id], { CPU: 4, GPU: 2, "node:10.0.0.1": 1 });
});

Deno.test("usage counts what is used inside groups, and what they reserve apart", () => {
  const totals = clusterTotals(cluster().books);
  assert.deepEqual(totals.used, { GPU: 1.5 });
  assert.deepEqual(totals.reserved, { GPU: 1, CPU: 1, "node:10.0.0.1": 0.001 });
  assert.deepEqual(totals.used_of_reserved, { GPU: 0.5 });
  assert.equal(totals.available.CPU, 3);
});

Deno.test("every GPU says who holds it, and who inside a bundle uses it", () => {
  const { books, actor } = cluster();
  const [first, second] = nodesView(books)[0]!.gpus;
  assert.equal(first?.free, 0);
  assert.match(first?.holders[0]?.text ?? "", /^placement group g \(a+…\) bundle 0$/);
  assert.deepEqual(first?.holders[0]?.inside.map((one) => [one.actor_id, one.gpu]), [[actor, 0.5]]);
  assert.match(second?.holders[0]?.text ?? "", /^actor outside/);
});

Deno.test("a dead node stays listed without resources", () => {
  const { test, books } = cluster();
  test.tell({ kind: "node.leave", node_id, reason: "beam down" });
  const [node] = nodesView(books);
  assert.deepEqual([node?.alive, node?.total, node?.available, node?.gpus], [false, {}, {}, []]);
  assert.deepEqual(availablePerNode(books), {});
});

Deno.test("actors can be filtered, task leases are listed only when asked for", () => {
  const { test, books } = cluster();
  test.actor({}, { kind: "task" });
  assert.deepEqual(actorsView(books, { name: "inside" }).map((one) => one.device_ids), [["gpu0"]]);
  assert.equal(actorsView(books).length, 2);
  assert.equal(actorsView(books, { kind: "all" }).length, 3);
  assert.deepEqual(actorsView(books, { state: "DEAD" }), []);
});

Deno.test("groups and jobs in plain values", () => {
  const { test, books } = cluster();
  test.group([{ GPU: 2 }]);
  test.group([{ GPU: 3 }]);
  const views = groupsView(books);
  assert.deepEqual(views.map((one) => one.scheduling_state), [
    "FINISHED",
    "NO_RESOURCES",
    "INFEASIBLE",
  ]);
  assert.deepEqual(views[0]?.bundles, [{ GPU: 1, "node:192.168.0.1": 0.001 }, { CPU: 1 }]);
  assert.deepEqual(views[1]?.nodes, [""]);
  assert.equal(jobsView(books)[0]?.node_ip, "10.0.0.1");
  assert.doesNotThrow(() => JSON.stringify([views, nodesView(books), actorsView(books)]));
});
