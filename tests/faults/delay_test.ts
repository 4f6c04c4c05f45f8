/** A slow way to the head: late, held back, cut; through a relay in this process. */
import assert from "assert";
import type { Node } from "../e2e/harness/node.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { until } from "../e2e/harness/until.ts";
import { drive } from "./harness/drive.ts";
import { nothingLeft } from "./harness/left_behind.ts";
import { SlowRelay } from "./harness/slow_relay.ts";

const DELAY = 150;

let head: Node;
let far: Node;
let relay: SlowRelay;
// The last to run: what is registered later runs before.
Deno.test.afterAll(() => relay?.[Symbol.asyncDispose]());
const { test } = theme("delay", async (place) => {
  head = await place.head({ cpus: 4 });
  relay = new SlowRelay(Number(head.record.head_address.split(":").at(-1)));
  relay.delay = DELAY;
  far = place.node({ ip: "127.0.0.2", cpus: 4 });
  const env = { BEAM_TOKEN: head.record.token };
  await far.up(["--join", `127.0.0.1:${relay.port}`], env);
});

/** A driver on the far node with an actor on the head's, then the other way round: all of it works. */
async function works(): Promise<void> {
  for (const [from, to] of [[far, head], [head, far]] as const) {
    const driver = drive(from, "steady.py", [to.ip], { input: true });
    await driver.said("the actor's pid");
    await driver.endInput();
    assert.equal((await driver.said()).in_order, true);
    await driver.ok();
  }
  await nothingLeft([head, far]);
}

async function farIds(): Promise<string[]> {
  const { nodes } = await head.status();
  return nodes.filter(({ ip, alive }) => ip === far.ip && alive).map(({ node_id }) => node_id);
}

test("a way on which everything is late works, and costs nobody his life", async () => {
  await works();
  assert.deepEqual(await farIds(), [far.record.node_id]);
});

test("a way that is cut is made again: the node is the same, and calls go on", async () => {
  const driver = drive(far, "steady.py", [head.ip], { input: true });
  await driver.said("the actor's pid");
  for (let times = 0; times < 3; times++) {
    relay.cut();
    await driver.tell("\n");
    assert.equal((await driver.said()).error, undefined);
  }
  await driver.endInput();
  assert.equal((await driver.said()).in_order, true);
  await driver.ok();
  await works();
  assert.deepEqual(await farIds(), [far.record.node_id]);
});

test("a way on which nothing moves is a dead node, though its connections stand", async () => {
  relay.hold();
  try {
    await until("the node is dead", async () => (await farIds()).length === 0);
  } finally {
    relay.letGo();
  }
  const [node_id] = await until("it is back", async () => {
    const ids = await farIds();
    return ids.length > 0 && ids;
  });
  assert.notEqual(node_id, far.record.node_id);
  far.record = { ...far.record, node_id: node_id! };
  await works();
});
