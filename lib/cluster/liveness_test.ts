import assert from "assert";
import { nodeSpec, TestCluster } from "./fixture.ts";

function cluster(): TestCluster {
  const test = new TestCluster();
  test.join(1, { CPU: 4 });
  test.join(2, { GPU: 1 });
  test.pass(1);
  return test;
}

const state = (test: TestCluster, n: number) => test.brain.node(nodeSpec(n).node_id)?.state;

Deno.test("a silent node is suspect after 3 s, gets nothing new, and is dead after 5 s", () => {
  const test = cluster();
  test.driver();
  test.pass(3, [1]);
  assert.equal(state(test, 2), "suspect");
  const actor = test.actor({ GPU: 1 });
  assert.equal(test.brain.actor(actor)?.step, "waiting");
  assert.match(test.brain.explain(actor) ?? "", /node 10.0.0.2 is out of contact/);
  test.pass(2, [1]);
  assert.equal(state(test, 2), "dead");
  const [rejected] = test.got("node.rejected");
  assert.match(rejected?.reason ?? "", /declared dead: nothing was heard from it for 5 s/);
});

Deno.test("any byte brings a suspect back", () => {
  const test = cluster();
  test.driver();
  test.pass(3, [1]);
  const actor = test.actor({ GPU: 1 });
  test.tell({ kind: "node.seen", node_id: nodeSpec(2).node_id });
  assert.equal(state(test, 2), "alive");
  assert.equal(test.brain.actor(actor)?.step, "starting");
});

Deno.test("a node whose link ended has two seconds to come back", () => {
  const test = cluster();
  const node_id = nodeSpec(2).node_id;
  test.tell({ kind: "node.lost", node_id, reason: "connection reset" });
  test.pass(1, [1]);
  assert.equal(state(test, 2), "suspect");
  test.join(2, { GPU: 1 });
  assert.equal(state(test, 2), "alive");
  test.tell({ kind: "node.lost", node_id, reason: "connection reset" });
  test.pass(2);
  assert.equal(state(test, 2), "dead");
  assert.match(test.brain.node(node_id)?.death?.message ?? "", /\(connection reset\).* within 2 s/);
});

Deno.test("a stalled head gives everybody their time anew", () => {
  const test = cluster();
  test.tell({ kind: "node.lost", node_id: nodeSpec(1).node_id, reason: "reset" });
  test.now += 60_000;
  test.tell({ kind: "tick" });
  assert.deepEqual([state(test, 1), state(test, 2)], ["suspect", "alive"]);
  test.pass(2, []);
  assert.deepEqual([state(test, 1), state(test, 2)], ["dead", "alive"]);
});

Deno.test("no node is dead before its time, or later: what counts is its last byte", () => {
  const test = new TestCluster();
  test.join(1);
  const { node_id } = nodeSpec(1);
  const last = test.now + 100;
  for (let at = 500; at <= 4500; at += 500) {
    test.now = last - 100 + at;
    if (at === 500) test.tell({ kind: "node.seen", node_id, at: last });
    test.tell({ kind: "tick" });
    const silent = test.now - last;
    const wanted = silent + 500 > 5000 ? "dead" : silent + 500 > 3000 ? "suspect" : "alive";
    assert.equal(state(test, 1), wanted, `after ${silent} ms`);
  }
  test.now += 500;
  test.tell({ kind: "tick" });
  assert.equal(state(test, 1), "dead");
  assert.ok(test.now - last <= 5000);
});

Deno.test("a head that comes late does not count as a node's silence what it was late by", () => {
  const test = new TestCluster();
  test.join(1);
  for (let at = 0; at < 6; at++) {
    test.now += 1900; // what the node sent meanwhile was not read
    test.tell({ kind: "tick" });
  }
  assert.equal(state(test, 1), "suspect");
  for (let at = 0; at < 4; at++) {
    test.now += 500;
    test.tell({ kind: "tick" });
  }
  assert.equal(state(test, 1), "dead");
});

Deno.test("a head that stands still before its first tick kills nobody", () => {
  const test = new TestCluster();
  test.join(1);
  test.now += 8000;
  test.tell({ kind: "tick" });
  assert.equal(state(test, 1), "alive");
  test.restartHead();
  test.join(1, undefined, { actors: [], jobs: [], deaths: [] });
  test.now += 8000;
  test.tell({ kind: "tick" });
  assert.equal(state(test, 1), "alive");
});
