/** Processes and threads that are used up: an error that names the limit, and life for everybody else. */
import assert from "assert";
import { isRunning } from "../e2e/harness/processes.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { drive } from "./harness/drive.ts";
import { nothingLeft } from "./harness/left_behind.ts";
import { processLimit } from "./harness/process_limit.ts";

const { place, test } = theme("processes");
const limit = processLimit();
if (typeof limit === "string") console.log(`not tried: used-up processes: ${limit}`);

/** The runtime gives threads back that had nothing to do for 10 s: then it needs new ones. */
const IDLE_MS = 12_000;

test("a node that may make no more processes says which limit it is, lives and goes on afterwards", async () => {
  if (typeof limit === "string") return;
  using reached = limit;
  const head = await place.head({ ip: "127.0.0.5", cpus: 4, via: reached.via });
  head.options.via = []; // programs are not under it
  const { headPid, record: { pid } } = head;
  const driver = drive(head, "processes.py", [], { input: true });
  assert.equal((await driver.said("the first actor's answer")).former, 42);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  reached.reach([pid, headPid, ...head.templatePids]);
  await driver.tell("\n");
  const said = await driver.said("what came of a new actor");
  assert.match(said.fresh.text, /control group may have \d+ processes|its user may have \d+ /);
  assert.match(said.fresh.text, /Raise it .*(--pids-limit|ulimit -u)/);
  assert.deepEqual([said.former, said.large], [42, Array(3).fill(3 << 20)]);
  assert.ok(isRunning(pid) && isRunning(headPid), "daemon and head are the same");
  reached.lift();
  await driver.tell("\n");
  assert.deepEqual(await driver.said(), {
    fresh: 42,
    former: 42,
    large: Array(3).fill(3 << 20),
  });
  await driver.endInput();
  await driver.ok();
  await nothingLeft([head]);
  await head.down();
});
