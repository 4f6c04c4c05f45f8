/** Open files that are used up: an error that says so for who asked for more, and life for everybody else. */
import assert from "assert";
import { isRunning } from "../e2e/harness/processes.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { drive } from "./harness/drive.ts";
import { nothingLeft } from "./harness/left_behind.ts";

const { place, test } = theme("descriptors");

/** As few as a driver can be made with, and then some. */
const DRIVER_LIMIT = 40;

test("a daemon without descriptors takes nobody more, tells why, lives and goes on afterwards", async () => {
  const via = ["prlimit", "--nofile=80:80", "--"];
  const head = await place.head({ ip: "127.0.0.5", via, cpus: 4 });
  const { pid } = head.record;
  const { headPid } = head;
  head.options.via = []; // programs have limits of their own
  const many = drive(head, "descriptors.py", ["daemon", "60"], { input: true });
  const { found } = await many.said("what came of all drivers");
  const refused = (found as string[]).filter((text) => !/^127/.test(text));
  console.log(`    ${found.length - refused.length} drivers of ${found.length} were taken`);
  assert.ok(refused.length > 0, "it must have been too many");
  for (const text of refused) {
    assert.match(text, /node daemon has as many files open as it may.*ulimit/);
  }
  await many.tell("\n");
  await many.said("that they are over");
  await many.endInput();
  await many.ok();
  assert.ok(isRunning(pid) && isRunning(headPid), "daemon and head are the same");
  await nothingLeft([head]);
  const fresh = head.driver("one_actor.py");
  assert.ok((await fresh.said()).version);
  await fresh.ok();
  await head.down();
});

test("a driver without descriptors is told so, and those it has go on", async () => {
  const head = await place.head({ ip: "127.0.0.5", cpus: 4 });
  const limited = ["prlimit", `--nofile=${DRIVER_LIMIT}:${DRIVER_LIMIT}`, "--"];
  const driver = drive(head, "descriptors.py", ["driver", "60"], { via: limited, input: true });
  const { found, former } = await driver.said("what came of all actors");
  const failed = found.filter((one: unknown) => one !== 42);
  console.log(`    ${found.length - failed.length} actors of ${found.length} answered`);
  assert.ok(failed.length > 0, "it must have been too many");
  for (const { text } of failed) assert.match(text, /[Tt]oo many open files|descriptors/);
  assert.equal(former, 42);
  await driver.tell("\n");
  assert.equal((await driver.said()).after, 42);
  await driver.endInput();
  await driver.ok();
  await nothingLeft([head]);
  await head.down();
});

test("a worker without descriptors tells so, lives, and works when it has some again", async () => {
  const head = await place.head({ ip: "127.0.0.5", cpus: 4 });
  const driver = drive(head, "descriptors.py", ["worker"]);
  const { used_up, failed, large, answer } = await driver.said();
  assert.match(used_up, /Too many open files/);
  assert.match(failed.text, /Too many open files/);
  if (large !== 3 << 20) assert.match(large.text, /Too many open files|descriptors/);
  assert.equal(answer, 42);
  assert.deepEqual(await driver.said(), { large: 3 << 20, answer: 42 });
  await driver.ok();
  await nothingLeft([head]);
  await head.down();
});
