/** The head's process is killed: its daemon starts it again, and calls never notice. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { isRunning, signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
const { test } = theme("head restart", async (place) => {
  head = await place.head({ gpus: 1 });
  await place.join(head);
});

test("calls go on, names and groups stay, new actors are made, the epoch is higher", async () => {
  const driver = head.driver("restart.py", [], { input: true });
  assert.deepEqual(await driver.said(), { pending: true });
  assert.deepEqual(await driver.said(), { calling: true });
  const before = await head.status();
  for (let round = 1; round <= 2; round++) {
    const killed = head.headPid;
    signal(killed, "SIGKILL");
    await until("the head is gone", () => !isRunning(killed));
    // Asked while there is no head: the daemon keeps the question until there is one.
    const after = await until("it is back, and both nodes with it", async () => {
      const status = await head.status();
      return status.nodes.filter(({ state }) => state === "alive").length === 2 && status;
    });
    assert.equal(after.cluster, before.cluster);
    assert.ok(after.epoch >= before.epoch + round, `epoch ${after.epoch}`);
    assert.equal(after.head_address, before.head_address);
    assert.deepEqual(
      after.nodes.map(({ node_id }) => node_id).sort(),
      before.nodes.map(({ node_id }) => node_id).sort(),
    );
  }
  await driver.endInput();
  const { calls } = await driver.said();
  assert.ok(calls > 1);
  assert.deepEqual(await driver.said(), { names: [true, true] });
  assert.deepEqual(await driver.said(), { new: 1 });
  assert.deepEqual(await driver.said(), { created: true, nodes: 2 });
  await driver.ok();
});

test("workers and what they started live through the head's death", async () => {
  const driver = head.driver("family.py", [], { input: true });
  const { families } = await driver.said() as { families: Record<string, number>[] };
  const killed = head.headPid;
  signal(killed, "SIGKILL");
  await until("the head is back", async () => (await head.status()).actors.length > 0);
  assert.notEqual(head.headPid, killed);
  const pids = families.flatMap((family) => Object.values(family));
  assert.deepEqual(pids.filter((pid) => !isRunning(pid)), []);
  driver.kill();
  await until("the driver's actors are gone", () => !pids.some(isRunning));
  await until("nothing is held", async () => {
    const { groups, nodes } = await head.status();
    return groups.every(({ state }) => state === "REMOVED") &&
      nodes.every(({ total, available }) => total["CPU"] === available["CPU"]);
  });
});
