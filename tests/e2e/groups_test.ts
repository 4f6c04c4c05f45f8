/** Placement groups that wait: the reason is told, and they come about when they can. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { place, test } = theme("groups", async (place) => {
  head = await place.head({ gpus: 1 });
});

test("a group that must wait says why, waits, and is created when it fits", async () => {
  const driver = head.driver("groups.py", [], { input: true });
  assert.deepEqual(await driver.said(), { ready: true, state: "CREATED" });
  assert.deepEqual(await driver.said(), { member: "127.0.0.1" });
  assert.deepEqual(await driver.said(), { at_once: 0, wait: false, state: "PENDING" });
  assert.ok((await driver.said()).timeout.bases.includes("TimeoutError"));

  const status = await head.tell("status");
  const [, waiting] = status.split("\nWaiting\n");
  for (const part of [/second/, /bundle 0 needs 1 GPU/, /node 127\.0\.0\.1/, /first/]) {
    assert.match(waiting ?? status, part);
  }
  const [demand] = (await head.status()).pending;
  assert.match(demand!.text, /bundle 0 needs 1 GPU/);
  assert.match(await head.tell("ray", "status"), /^ \{'GPU': 1\.0\} \* 1 \(PACK\): 1\+ pending/m);
  const [warning] = await driver.complains(/^.*bundle 0 needs 1 GPU.*$/m);
  assert.match(warning, /second/);

  await driver.endInput();
  const { removed } = await driver.said();
  assert.ok(removed.bases.includes("RayActorError"));
  assert.match(removed.text, /placement group/i);
  assert.deepEqual(await driver.said(), { second: "CREATED", same: true });

  assert.deepEqual(await driver.said(), { large: false });
  const [never] = (await head.status()).pending;
  assert.match(never!.text, /5 GPU/);
  const joined = await place.join(head, { gpus: 5 });
  assert.deepEqual(await driver.said(), { created: true, state: "CREATED" });
  await driver.ok();
  await joined.down();
});
