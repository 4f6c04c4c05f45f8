/** Tasks: where they run, who gets workers for them, and what the loss of a node does to them. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
const { place, test } = theme("tasks", async (place) => {
  head = await place.head({ cpus: 2 });
});

test("ten thousand tasks at once are a bounded number of requests and few processes", async () => {
  const driver = head.driver("leases.py", ["10000", "0"]);
  const deadline = Date.now() + 60_000;
  let most = 0;
  while (!driver.isOver && Date.now() < deadline) {
    const { pending } = await head.status();
    most = Math.max(most, pending.reduce((sum, { count }) => sum + count, 0));
  }
  await driver.said();
  const { count, processes } = await driver.said();
  assert.equal(count, 10_000);
  assert.ok(processes <= 8, `${processes} processes`);
  assert.ok(most <= 16, `${most} requests waited at once`);
  await driver.ok();
});

test("one driver's many tasks do not keep another's few out", async () => {
  const many = head.driver("leases.py", ["200", "0.1"]);
  await many.said();
  const few = head.driver("leases.py", ["2", "0.1"]);
  const { first } = await few.said();
  assert.ok(first < 4, `the first of few tasks was done after ${first} s`);
  await few.ok();
  assert.ok(!many.isOver, "the many were done before the few");
  await many.said();
  await many.ok();
});

test("a driver that is killed leaves no workers, and nothing is held", async () => {
  const driver = head.driver("leases.py", ["100", "30"]);
  const free = async () => (await head.status()).nodes.map(({ available }) => available["CPU"]);
  await until("its tasks run", async () => (await free()).every((CPU) => CPU === undefined));
  driver.kill();
  await until("everything is free", async () => (await free()).every((CPU) => CPU === 2));
  assert.deepEqual((await head.status()).pending, []);
});

test("tasks run where they are asked to, and again where their node was lost", async () => {
  const far = await place.join(head, { ip: "127.0.0.9", cpus: 2, flags: ["--labels", "zone=far"] });
  const driver = head.driver("scattered.py", ["127.0.0.9"], { input: true });
  assert.deepEqual(await driver.said(), { spread: ["127.0.0.1", "127.0.0.9"] });
  assert.deepEqual(await driver.said(), { affine: "127.0.0.9" });
  assert.deepEqual(await driver.said(), { labelled: "127.0.0.9" });
  assert.deepEqual(await driver.said(), { selected: "127.0.0.1" });
  assert.deepEqual(await driver.said(), { near: [1000, "127.0.0.9"] });
  await driver.said("ready");
  await far.killDaemon();
  await driver.endInput();
  assert.deepEqual(await driver.said(), { again: "127.0.0.1" });
  assert.deepEqual(await driver.said(), { recovered: 10 });
  assert.deepEqual(await driver.said(), { pair: ["x", "y"] });
  assert.deepEqual(await driver.said(), { summed: 3000 });
  assert.match((await driver.said()).lost.type, /ObjectLostError/);
  assert.match((await driver.said()).unschedulable.text, /which is not there/);
  await driver.ok();
});
