/** Clocks that are set while a cluster runs: nobody is taken for dead for it, and who is dead is found. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "../e2e/harness/node.ts";
import { signal } from "../e2e/harness/processes.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { until } from "../e2e/harness/until.ts";
import { drive } from "./harness/drive.ts";
import { nothingLeft } from "./harness/left_behind.ts";
import { removeSharedClocks } from "./harness/shared_clocks.ts";

/** Longer than a silent node is waited for, in milliseconds: what is wrong with a clock shows by then. */
const LONG = 7000;

const library = Deno.env.get("BEAM_FAKETIME");
if (!library) {
  console.log("not tried: clocks that are set: there is no libfaketime (BEAM_FAKETIME)");
}
// The last to run: what is registered later runs before.
Deno.test.afterAll(removeSharedClocks);
const { place, test } = theme("clock");

const HOUR = 3_600_000;

/** When, by its writer's clock, the last line of a log was written. */
function writtenAt(log: string): number {
  return Date.parse(Deno.readTextFileSync(log).trimEnd().split("\n").at(-1)!.split(" ")[0]!);
}

/** What gives the daemons of a node a clock of their own, and sets it. */
function clock(name: string): { env: Record<string, string>; set(offset: string): void } {
  const file = join(place.dir, `clock-${name}`);
  const set = (offset: string) => Deno.writeTextFileSync(file, `${offset}\n`);
  set("+0");
  return {
    set,
    env: {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    },
  };
}

async function farIds(head: Node, far: Node): Promise<string[]> {
  const { nodes } = await head.status();
  return nodes.filter(({ ip, alive }) => ip === far.ip && alive).map(({ node_id }) => node_id);
}

for (
  const [what, ofHead, ofFar] of [
    ["the head's clock is set back by an hour, the node's forward", "-1h", "+1h"],
    ["the head's clock is set forward by an hour, the node's back", "+1h", "-1h"],
  ] as const
) {
  const run = async () => {
    const sign = ofHead === "-1h" ? -1 : 1;
    const [headClock, farClock] = [clock("head"), clock("far")];
    const head = await place.head({ ip: "127.0.0.1", cpus: 4, env: headClock.env });
    const far = await place.join(head, { ip: "127.0.0.2", cpus: 4, env: farClock.env });
    const [id] = await farIds(head, far);
    const driver = drive(head, "steady.py", [far.ip], { input: true });
    await driver.said("the actor's pid");
    headClock.set(ofHead);
    farClock.set(ofFar);
    await new Promise((resolve) => setTimeout(resolve, LONG));
    await driver.tell("\n");
    assert.equal((await driver.said()).error, undefined);
    assert.deepEqual(await farIds(head, far), [id], "it is the same node");
    signal(far.record.pid, "SIGSTOP");
    try {
      await until("the frozen node is dead", async () => (await farIds(head, far)).length === 0);
    } finally {
      signal(far.record.pid, "SIGCONT");
    }
    const off = writtenAt(join(head.dir, "logs", "head.log")) - Date.now();
    assert.ok(Math.abs(off - sign * HOUR) < HOUR / 2, `the head's clock is ${off} ms off`);
    const { error } = await driver.said();
    assert.equal(error.type, "ActorDiedError", error.text);
    await driver.endInput();
    await driver.ok();
    await until("the node is back", async () => (await farIds(head, far)).length > 0);
    await nothingLeft([head, far]);
    await far.down();
    await head.down();
  };
  if (library) test(what, run);
  else Deno.test({ name: `clock: ${what}`, ignore: true, fn: run });
}
