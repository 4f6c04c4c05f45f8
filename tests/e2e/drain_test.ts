/** `beam drain`: a node is emptied, with patience or by a deadline, and taken back. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
let second: Node;
const gold = { flags: ["--resources", '{"gold": 1}', "--name", "vault-1"] };
const { place, test } = theme("drain", async (place) => {
  head = await place.head();
  second = await place.join(head, gold);
});

const stateOf = async (node: Node) => {
  const { nodes } = await head.status();
  return nodes.find(({ node_id }) => node_id === node.record.node_id)!.state;
};

test("a node with work takes no more of it, says what it has, and is emptied by the deadline", async () => {
  const fifo = join(place.dir, "home", "fifo");
  assert.ok(new Deno.Command("mkfifo", { args: [fifo] }).outputSync().success);
  const driver = head.driver("drained.py", [second.record.node_id, fifo], { input: true });
  assert.deepEqual(await driver.said(), { ready: true });

  const late = await head.cli(["drain", "vault-1", "--timeout", "1"]);
  assert.equal(late.code, 1);
  assert.match(late.stderr, /after 1 s the node 127\.0\.0\.2 \(\w+\) still has actor mortal \(/);
  for (const name of ["lasting", "guard", "placement group vault", "1 worker for tasks"]) {
    assert.match(late.stderr, new RegExp(name));
  }
  assert.equal(await stateOf(second), "draining");
  assert.match(await head.tell("nodes"), /draining/);
  assert.match(await head.tell("status"), /127\.0\.0\.2 .*DRAINING/);

  await driver.tell("draining\n");
  await Deno.writeTextFile(fifo, "done");
  assert.deepEqual(await driver.said(), { read: "done" });
  // Its state outlives the head.
  const killed = head.headPid;
  Deno.kill(killed, "SIGKILL");
  await until("it still drains", async () => await stateOf(second) === "draining");

  const id = second.record.node_id.slice(0, 8);
  const emptied = head.cli(["drain", id, "--deadline", "0", "--json"]);
  const facts = JSON.parse((await emptied).stdout);
  assert.deepEqual([facts.empty, facts.state, facts.actors], [true, "draining", []]);
  await driver.tell("ended\n");
  const { error } = await driver.said();
  assert.match(error.text, /node 127\.0\.0\.2 \(\w+…\) was drained/);
  assert.deepEqual(await driver.said(), { lasting: true });
  const { groups } = await head.status();
  assert.deepEqual(groups.map(({ name, state }) => [name, state]), [["vault", "RESCHEDULING"]]);
  const third = await place.join(head, gold);
  await driver.tell("gold\n");
  assert.deepEqual(await driver.said(), { guard: true });
  await driver.said();
  await driver.ok();
  await third.down();
});

test("a drained node is taken back by whatever it is called", async () => {
  for (const called of [second.ip, "vault-1", second.record.node_id]) {
    const drained = await second.tell("drain", called);
    assert.match(drained, /Node 127\.0\.0\.2 \(\w+\) is empty and takes no new work\./);
    assert.match(drained, /`beam down` there.*`beam up --replace`/);
    assert.equal(await stateOf(second), "draining");
    assert.match(await head.tell("drain", "--undo", called), /takes new work again\./);
    assert.equal(await stateOf(second), "alive");
  }
});

test("a node that nobody knows, or several, is told with those that are there", async () => {
  const unknown = await head.cli(["drain", "10.9.8.7"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /Cannot find a node called 10\.9\.8\.7: there are 127\.0\.0\.1 \(/);
  const { hostname } = (await head.status()).nodes[0]!;
  const both = await head.cli(["drain", hostname]);
  assert.equal(both.code, 1);
  assert.match(both.stderr, /Cannot tell which node is meant by .*: it fits 127\.0\.0\.1 \(/);
});
