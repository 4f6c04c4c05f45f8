/** The process tree holds under SIGKILL of each of its members: nothing stays behind. */
import assert from "assert";
import { existsSync } from "node:fs";
import type { Node } from "./harness/node.ts";
import { commandOf, isRunning, scheduled, signal } from "./harness/processes.ts";
import type { Program } from "./harness/program.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

let head: Node;
let second: Node;
const { place, test } = theme("process tree", async (place) => {
  head = await place.head({ cpus: 4 });
  second = await place.join(head, { cpus: 4 });
});

type Family = Record<"worker" | "child" | "session" | "orphan", number>;

/** A driver on `node` with two actors there, each with children. */
async function families(node: Node): Promise<{ driver: Program; families: Family[] }> {
  const driver = node.driver("family.py", [], { input: true });
  const { families, shared } = await driver.said("the families");
  for (const pid of pidsOf(families)) assert.equal(isRunning(pid), true);
  for (const path of shared as string[]) assert.ok(existsSync(path), path);
  sharedMemory.push(...shared);
  return { driver, families };
}

/** Named shared memory of all workers so far: Python's own, which dies with none of them. */
const sharedMemory: string[] = [];

const pidsOf = (families: Family[]) => families.flatMap((family) => Object.values(family));

async function gone(pids: number[]): Promise<void> {
  const left = () => pids.filter(isRunning).map((pid) => `${pid} ${commandOf(pid)}`);
  await until("all of them are gone", () => left().length === 0, { found: left, patience: 10_000 });
}

async function allFree(node: Node): Promise<void> {
  const named = () => sharedMemory.filter((path) => existsSync(path));
  await until("no shared memory is left", () => named().length === 0, { found: named });
  const what = async () => {
    const { nodes, groups } = await node.status();
    const used = nodes.filter(({ alive }) => alive)
      .filter(({ total, available }) => total["CPU"] !== available["CPU"]);
    return { used, groups: groups.filter(({ state }) => state !== "REMOVED") };
  };
  await until("all is free again", async () => {
    const { used, groups } = await what();
    return used.length + groups.length === 0;
  }, { found: what });
}

test("a worker that is killed takes its children, also those that left it", async () => {
  const { driver, families: [first, other] } = await families(head);
  signal(first!.worker, "SIGKILL");
  await gone(pidsOf([first!]));
  assert.match((await driver.said()).error.text, /SIGKILL/);
  assert.deepEqual(pidsOf([other!]).filter((pid) => !isRunning(pid)), [], "the others live on");
  await driver.endInput();
  await driver.ok();
  await gone(pidsOf([other!]));
  await allFree(head);
});

test("a worker leads a group in its starter's session, and yields to drivers", async () => {
  const { driver, families: both } = await families(head);
  const pid = both[0]!.worker;
  const worker = scheduled(pid);
  const own = scheduled(Deno.pid);
  assert.equal(worker.group, pid);
  assert.equal(worker.session, own.session);
  assert.equal(worker.nice, Math.min(19, own.nice + 15));
  driver.kill();
  await gone(pidsOf(both));
  await allFree(head);
});

test("a driver that ends takes what it owned, and its groups are free", async () => {
  for (const end of ["SIGKILL", "SIGTERM"] as const) {
    const { driver, families: both } = await families(head);
    driver.kill(end);
    await driver.end();
    await gone(pidsOf(both));
    await allFree(head);
  }
});

test("a driver on another node than its actors takes them too", async () => {
  const driver = second.driver("family.py", [], { input: true });
  const { families: both } = await driver.said();
  driver.kill();
  await gone(pidsOf(both));
  await allFree(head);
});

test("a template that is killed takes its workers, and the next driver gets a new one", async () => {
  const { driver, families: both } = await families(head);
  const templates = head.templatePids;
  assert.notEqual(templates.length, 0);
  for (const pid of templates) signal(pid, "SIGKILL");
  await gone([...templates, ...pidsOf(both)]);
  const { error } = await driver.said();
  assert.ok(error.bases.includes("RayActorError"), JSON.stringify(error));
  await driver.endInput();
  await driver.ok();
  const next = head.driver("one_actor.py");
  assert.ok((await next.said()).version);
  await next.ok();
  await allFree(head);
});

test("an actor's own driver ends with it, and so do that one's actors", async () => {
  const driver = head.driver("nested.py", [], { input: true });
  const { engine, driver: nested, families: both } = await driver.said();
  signal(engine, "SIGKILL");
  await gone([engine, nested, ...pidsOf(both)]);
  await driver.endInput();
  await driver.ok();
  await allFree(head);
});

test("a daemon that is killed takes its workers; their callers are told of the node", async () => {
  const node = await place.join(head, { ip: "127.0.0.3", cpus: 4 });
  const { driver, families: both } = await families(node);
  const before = node.record;
  await node.killDaemon();
  await gone(pidsOf(both));
  const { error } = await driver.said();
  assert.ok(error, "a driver that lost its daemon is told");
  await driver.stop();
  await allFree(head);
  // What the dead one left does not stop the next one.
  await node.up(["--join", head.record.head_address], { BEAM_TOKEN: head.record.token });
  assert.notEqual(node.record.node_id, before.node_id);
  node.wasKilled = false;
  const next = node.driver("one_actor.py");
  assert.ok((await next.said()).version);
  await next.ok();
  await node.down();
});

test("beam down ends workers and everything under them", async () => {
  const node = await place.head({ ip: "127.0.0.4", cpus: 4 });
  const { driver, families: both } = await families(node);
  await node.down();
  await gone(pidsOf(both));
  await driver.stop();
});

test("a cluster that a driver started for itself ends with it, however it ends", async () => {
  for (const end of ["SIGKILL", "eof"] as const) {
    const driver = place.run(
      [place.python, "-u", "family.py"],
      {
        cwd: new URL("programs", import.meta.url).pathname,
        env: { PYTHONPATH: head.record.shim_path, BEAM_BIN: place.beam, RAY_ADDRESS: "local" },
        input: true,
      },
    );
    const { families: both } = await driver.said();
    for (const { worker } of both) if (end === "eof") signal(worker, "SIGKILL");
    if (end === "eof") {
      await driver.said();
      await driver.endInput();
      await driver.ok();
    } else driver.kill();
    await gone(pidsOf(both));
  }
});
