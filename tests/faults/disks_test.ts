/** Shared memory and disks that are full: an error that says so, or another place; nobody dies of it. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "../e2e/harness/node.ts";
import { isRunning, signal } from "../e2e/harness/processes.ts";
import type { Program } from "../e2e/harness/program.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { until } from "../e2e/harness/until.ts";
import { drive } from "./harness/drive.ts";
import { nothingLeft } from "./harness/left_behind.ts";
import { lacksMounts, Mounts } from "./harness/mounts.ts";

const lacks = lacksMounts();
if (lacks !== undefined) console.log(`not tried: full disks: ${lacks}`);
const { place, test } = theme("disks");

/** Registers a test where there can be small disks. */
function mounted(name: string, run: () => Promise<void>): void {
  if (lacks === undefined) test(name, run);
  else Deno.test({ name: `disks: ${name}`, ignore: true, fn: run });
}

/** A cluster of one node whose folders are small disks; it may take more memory for values than there is. */
async function clusterOn(
  sizes: Record<string, number>,
  run: (head: Node, mounts: Mounts) => Promise<void>,
): Promise<void> {
  const mounts = await Mounts.make(place, sizes);
  const head = await place.head({
    dir: join(place.dir, "small"),
    cpus: 4,
    via: mounts.via,
    flags: ["--object-store-memory", "1GiB"],
  });
  try {
    await run(head, mounts);
  } finally {
    await head.down(); // before the mounts go with their holder
  }
}

async function values(head: Node, mib: number, count: number) {
  const driver = drive(head, "large_values.py", [`${mib}`, `${count}`], { input: true });
  const { pid } = await driver.said("the actor's pid");
  const round = async () => {
    await driver.tell("\n");
    const said = await driver.said("what came of the values");
    assert.equal(said.pid, pid, "the worker lives on");
    return said as {
      whole: number;
      failed: number;
      error: { type: string; text: string } | null;
    };
  };
  return { driver, round };
}

async function end(driver: Program, head: Node): Promise<void> {
  await driver.endInput();
  await driver.ok();
  await nothingLeft([head]);
}

mounted(
  "values that a small /dev/shm has no room for go to disk, and nobody dies of SIGBUS",
  async () => {
    await clusterOn({ "/dev/shm": 6 }, async (head) => {
      const { driver, round } = await values(head, 2, 8);
      assert.deepEqual(await round().then(({ whole, failed }) => [whole, failed]), [16, 0]);
      assert.match((await driver.complains(/.*\/dev\/shm.*/))[0], /full|room|spill/i);
      await end(driver, head);
    });
  },
);

mounted("shared memory that others fill meanwhile costs nobody his life", async () => {
  await clusterOn({ "/dev/shm": 24 }, async (head, mounts) => {
    const { driver, round } = await values(head, 3, 2);
    assert.equal((await round()).whole, 4);
    const free = mounts.fill("/dev/shm");
    assert.equal((await round()).whole, 4);
    free();
    assert.equal((await round()).whole, 4);
    await end(driver, head);
  });
});

mounted(
  "where disk and shared memory are full, the error says so, and it goes on when there is room",
  async () => {
    await clusterOn({ "/dev/shm": 4, [join(place.dir, "small")]: 30 }, async (head, mounts) => {
      const { driver, round } = await values(head, 3, 2);
      const free = mounts.fill(join(place.dir, "small"));
      const fill = mounts.fill("/dev/shm");
      const { whole, failed, error } = await round();
      assert.equal(whole, 0);
      assert.equal(failed, 2);
      assert.match(error!.text, /the disk at .* has 0\.0 MiB left/);
      free();
      fill();
      assert.equal((await round()).whole, 4);
      await end(driver, head);
    });
  },
);

mounted(
  "a runtime directory on a full disk costs neither daemon nor head nor worker their lives",
  async () => {
    const dir = join(place.dir, "small");
    await clusterOn({ [dir]: 30 }, async (head, mounts) => {
      const { driver, round } = await values(head, 0, 1);
      const free = mounts.fill(dir);
      const { pid } = head.record;
      const headPid = head.headPid;
      await round();
      const refused = await head.driver("one_actor.py").end();
      // It may be as late as its actor that the journal has no room for.
      assert.match(
        refused.stdout + refused.stderr,
        /cannot take new work: the head cannot write its journal .*head\.db .*Free space/i,
        JSON.stringify(refused),
      );
      assert.ok((await head.status()).nodes[0]!.alive);
      // What ends meanwhile cannot be written down either.
      await driver.endInput();
      await driver.ok();
      free();
      await works(head);
      assert.ok(isRunning(pid) && isRunning(headPid), "daemon and head are the same");
      signal(headPid, "SIGKILL");
      await until("another head is there", () => head.headPids.some((pid) => pid !== headPid));
      await works(head);
      await nothingLeft([head]);
    });
  },
);

mounted("full disks of the logs alone cost nothing but logs", async () => {
  const dir = join(place.dir, "small");
  await clusterOn({ [join(dir, "logs")]: 1 }, async (head, mounts) => {
    const { driver, round } = await values(head, 2, 2);
    const free = mounts.fill(join(dir, "logs"));
    assert.equal((await round()).whole, 4);
    await works(head);
    free();
    await end(driver, head);
  });
});

async function works(head: Node): Promise<void> {
  const driver = head.driver("one_actor.py");
  const { version, error } = await driver.said("what a fresh driver found");
  assert.ok(version, JSON.stringify(error));
  await driver.ok();
}

mounted("a node that cannot write its files does not start, and says why", async () => {
  const dir = join(place.dir, "small");
  const mounts = await Mounts.make(place, { [dir]: 1 });
  mounts.fill(dir);
  const node = place.node({ dir, via: mounts.via });
  const ending = await node.cli(["up", "--head", "--port", "0", ...node.flags]);
  assert.equal(ending.code, 1, ending.stdout);
  assert.match(ending.stderr, /No space left|full/i);
  assert.equal(ending.stderr.trimEnd().split("\n").length, 2, ending.stderr);
});
