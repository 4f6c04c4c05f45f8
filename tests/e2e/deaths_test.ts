/** What callers are told of a death, and of actors that cannot be made. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { signal } from "./harness/processes.ts";
import { minorOf, otherPython } from "./harness/pythons.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { place, test } = theme("deaths", async (place) => {
  head = await place.head({ gpus: 1 });
  await place.join(head);
});

test("a death is told to those who wait, with its cause and its last words", async () => {
  const driver = head.driver("deaths.py");
  const { error, median, worst } = await driver.said();
  console.log(`    SIGKILL to ray.get's error: median ${median} ms, worst ${worst} ms of 20`);
  assert.ok(error.bases.includes("RayActorError"), JSON.stringify(error));
  assert.equal(error.type, "ActorDiedError");
  for (const part of [/SIGKILL/, /127\.0\.0\.1/, /these were its last words/, /Victim/]) {
    assert.match(error.text, part);
  }
  const { exit_code } = await driver.said();
  assert.match(exit_code.text, /code 3\b/);
  assert.match((await driver.said()).later.text, /code 3\b/);
  const { sys_exit } = await driver.said();
  assert.ok(sys_exit.bases.includes("RayActorError"), JSON.stringify(sys_exit));
  assert.match(sys_exit.text, /exit_code: 4\b/);
  const { init } = await driver.said();
  assert.equal(init.type, "ActorDiedError");
  assert.match(init.text, /ValueError: no such thing/);
  const { unpicklable } = await driver.said();
  assert.equal(unpicklable.type, "TypeError");
  assert.match(unpicklable.text, /Holder/);
  assert.match(unpicklable.text, /lock/);
  const { kill } = await driver.said();
  assert.equal(kill.type, "ActorDiedError");
  assert.match(kill.text, /ray\.kill/);
  const { empty_bundle, no_bundle } = await driver.said();
  assert.equal(empty_bundle.type, "ValueError");
  assert.equal(no_bundle.type, "ValueError");
  await driver.ok();
});

test("a worker killed on another node is told of with its node and last words", async () => {
  const driver = head.driver("elsewhere.py", ["127.0.0.2"]);
  assert.deepEqual(await driver.said(), { hello: "hello" });
  await driver.said("waiting");
  await driver.complains(/far last words/);
  const { actors } = await head.status();
  const far = actors.find(({ class_name, state }) => class_name === "Far" && state === "ALIVE")!;
  signal(far.pid, "SIGKILL");
  const { error } = await driver.said();
  for (const part of [/SIGKILL/, /127\.0\.0\.2/, /far last words/]) assert.match(error.text, part);
  assert.match((await driver.said()).later.text, /SIGKILL/);
  await driver.ok();
});

test("a node that dies takes its actors, and those who wait are told which node", async () => {
  const node = await place.join(head, { ip: "127.0.0.7" });
  const driver = head.driver("elsewhere.py", ["127.0.0.7"]);
  await driver.said();
  await driver.said("waiting");
  await node.killDaemon();
  await driver.complains(/Actor Far \(\w+…\) on 127\.0\.0\.7 cannot be reached \(/);
  const { error } = await driver.said();
  assert.match(error.text, /127\.0\.0\.7/);
  assert.match((await driver.said()).later.text, /127\.0\.0\.7/);
  await driver.ok();
});

for (const ip of ["127.0.0.1", "127.0.0.2"]) {
  test(`an actor on ${ip} that may be restarted is, and its calls are tried again`, async () => {
    const driver = head.driver("restarts.py", [ip]);
    assert.deepEqual(await driver.said(), { counts: [1, 2, 3] });
    assert.deepEqual(await driver.said(), { retried: "second life" });
    assert.deepEqual(await driver.said(), { anew: 1 });
    assert.match((await driver.said()).last.text, /SIGKILL/);
    await driver.ok();
  });
}

test("a worker command that does not exist is named", async () => {
  const node = await place.head({
    ip: "127.0.0.3",
    env: { BEAM_WORKER_CMD: "/nonexistent/python -m ray._worker" },
  });
  const driver = node.driver("one_actor.py");
  const { error } = await driver.said();
  assert.match(error.text, /\/nonexistent\/python -m ray\._worker/);
  assert.match(error.text, /is not there/);
  await driver.ok();
  await node.down();
});

test("a worker command that ends at once is shown with what it said", async () => {
  const node = await place.head({
    ip: "127.0.0.3",
    env: { BEAM_WORKER_CMD: "/bin/sh -c 'echo no module here >&2; exit 7'" },
  });
  const driver = node.driver("one_actor.py");
  const { error } = await driver.said();
  assert.match(error.text, /code 7\b/);
  assert.match(error.text, /no module here/);
  await driver.ok();
  await node.down();
});

test("another Python minor version than the driver's is refused, naming both", async () => {
  const other = otherPython();
  if (other === undefined) return console.log("    there is only one Python here");
  const node = await place.head({
    ip: "127.0.0.3",
    env: { BEAM_WORKER_CMD: `${other} -m ray._worker` },
  });
  const driver = node.driver("one_actor.py");
  const { error } = await driver.said();
  for (const minor of [minorOf(place.python)!, minorOf(other)!]) {
    assert.match(error.text, new RegExp(`\\b${minor.replace(".", "\\.")}\\b`), error.text);
  }
  await driver.ok();
  await node.down();
});
