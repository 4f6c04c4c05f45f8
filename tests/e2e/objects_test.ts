/** Large values: shared on a node, brought to others, spilled, lost, and gone when nobody has them. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import type { Program } from "./harness/program.ts";
import { PROGRAMS } from "./harness/programs.ts";
import { theme } from "./harness/scenario.ts";
import { memoryFolders, storeCount, storeFiles } from "./harness/store_files.ts";
import { until } from "./harness/until.ts";

const MIB = 2 ** 20;

let head: Node;
let second: Node;
const { place, test } = theme("objects", async (place) => {
  head = await place.head();
  second = await place.join(head);
});

/** The stores of both nodes hold so many files. */
async function hold(here: number, there: number): Promise<void> {
  const counts = () => [storeCount(head), storeCount(second)];
  await until(
    `the stores hold ${here} and ${there} files`,
    () => counts().join() === [here, there].join(),
    { found: counts },
  );
}

async function goOn(driver: Program): Promise<void> {
  await driver.tell("\n");
}

test("a value crosses once for all readers of a node, and goes with its last reference", async () => {
  const driver = head.driver("objects_across.py", [], { input: true });
  assert.deepEqual(await driver.said(), { same: true });
  await hold(1, 1);
  await goOn(driver);
  assert.deepEqual(await driver.said(), { dropped: true });
  await hold(0, 0);
  await goOn(driver);
  assert.deepEqual(await driver.said(), { same: true });
  await hold(5, 5);
  await goOn(driver);
  assert.deepEqual(await driver.said(), { dropped: true });
  await hold(1, 1);
  await goOn(driver);
  assert.deepEqual(await driver.said(), { same: true });
  assert.deepEqual(await driver.said(), { dropped: true });
  await hold(0, 0);
  await goOn(driver);
  await driver.ok();
});

test("status tells what the stores use", async () => {
  const driver = head.driver("objects_across.py", [], { input: true });
  await driver.said();
  const used = async () => {
    const { nodes } = await head.status() as unknown as {
      nodes: { available: Record<string, number>; object_store: Record<string, number> }[];
    };
    return nodes.map(({ available, object_store }) => {
      const { total, used, objects } = object_store;
      return total! - available["object_store_memory"]! === used && used! > 5 * MIB && objects;
    });
  };
  await until("both nodes tell", async () => (await used()).join() === "1,1", { found: used });
  assert.match(await head.tell("status"), /^ +large values: 1 file, 5\.\d MiB in memory$/m);
  await driver.stop();
  await hold(0, 0);
});

test("an owner that is killed takes its values along, and who waits for one is told", async () => {
  const driver = head.driver("object_losses.py", ["owner"], { input: true });
  await driver.said();
  await hold(1, 1);
  await goOn(driver);
  const { error } = await driver.said();
  assert.equal(error.type, "OwnerDiedError", JSON.stringify(error));
  await hold(0, 0);
  await goOn(driver);
  await driver.ok();
});

test("a node that dies loses what lay on it alone, and who waits for it is told", async () => {
  const driver = head.driver("object_losses.py", ["node"], { input: true });
  await driver.said();
  await goOn(driver);
  assert.deepEqual(await driver.said(), { made: true });
  await hold(1, 2);
  await second.killDaemon();
  await goOn(driver);
  const { error } = await driver.said();
  assert.equal(error.type, "ObjectLostError", JSON.stringify(error));
  // The copy that this node had of the dead one's goes with its owner.
  await until("the copy is gone", () => storeCount(head) === 0);
  await goOn(driver);
  await driver.ok();
  // It could not clear away its folder: the next daemon does, its successor or another of this user.
  const left = memoryFolders(second);
  second.wasKilled = false;
  await second.up(["--join", head.record.head_address], { BEAM_TOKEN: head.record.token });
  for (const folder of left) assert.throws(() => Deno.statSync(folder), Deno.errors.NotFound);
});

test("a driver that is killed leaves no value behind", async () => {
  const driver = head.driver("objects_across.py", [], { input: true });
  await driver.said();
  await goOn(driver);
  await driver.said();
  await goOn(driver);
  await driver.said();
  await hold(5, 5);
  driver.kill("SIGKILL");
  await hold(0, 0);
});

test("past its size the store goes on on disk, with one warning, and reads it all back", async () => {
  const small = await place.head({ flags: ["--object-store-memory", "16MB"] });
  const driver = small.driver("object_spill.py", ["auto"], { input: true });
  assert.deepEqual(await driver.said(), { same: true });
  assert.deepEqual(await driver.said(), { same: true });
  const { memory, disk } = storeFiles(small);
  assert.equal(memory.length + disk.length, 20);
  assert.ok(memory.length >= 4 && memory.length <= 5, `${memory.length} in memory`);
  await goOn(driver);
  await driver.said();
  await until("all are gone", () => storeCount(small) === 0);
  await goOn(driver);
  const { stderr } = await driver.ok();
  assert.equal(stderr.match(/large objects lie on disk/g)?.length, 1, stderr);
  await small.down();
  assert.deepEqual(memoryFolders(small), []);
});

test("where a node's port is closed its values come through the head, and go as others do", async () => {
  // No connection can be made to a multicast address: what a closed firewall is for others.
  const hidden = await place.join(head, { ip: "224.0.0.9" });
  const driver = head.driver("objects_relayed.py", [hidden.ip], { input: true });
  assert.deepEqual(await driver.said(), { same: true });
  await hold(1, 1);
  assert.equal(storeCount(hidden), 1);
  await goOn(driver);
  await driver.said();
  await hold(0, 0);
  await until("it is gone there too", () => storeCount(hidden) === 0);
  await goOn(driver);
  await driver.ok();
  await hidden.down();
});

const inNamespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
const canMount = (() => {
  try {
    const [command, ...args] = [...inNamespace, "mount -t tmpfs -o size=1m tmpfs /dev/shm"];
    return new Deno.Command(command!, { args, stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
})();

test("a shared memory that is small, whatever the quota, is no signal but a place on disk", async () => {
  if (!canMount) return console.log("    not tried: no /dev/shm of one's own can be mounted here");
  const script = 'mount -t tmpfs -o size=12m tmpfs /dev/shm && exec "$@"';
  const program = [place.python, "-u", join(PROGRAMS, "object_spill.py"), "local"];
  const driver = place.run([...inNamespace, script, "sh", ...program], {
    env: head.programEnv({ BEAM_RUNTIME_DIR: join(place.dir, "own"), BEAM_BIN: place.beam }),
    input: true,
  });
  assert.deepEqual(await driver.said(), { same: true });
  assert.deepEqual(await driver.said(), { same: true });
  await goOn(driver);
  await driver.said();
  await goOn(driver);
  const { stderr } = await driver.ok();
  assert.match(stderr, /large objects lie on disk/);
});

test("a large value that four actors read and keep costs one copy", async () => {
  const size = 256 * MIB;
  const driver = head.driver("one_copy.py", [`${size}`], { input: true });
  const { same, grown } = await driver.said();
  assert.ok(same);
  assert.ok(grown < size / 4, `an actor took ${grown} bytes of its own`);
  const files = storeFiles(head).memory.map((path) => Deno.statSync(path).size);
  assert.equal(files.length, 1);
  assert.ok(files[0]! < size + MIB);
  await driver.stop();
  await until("it is gone", () => storeCount(head) === 0);
});
