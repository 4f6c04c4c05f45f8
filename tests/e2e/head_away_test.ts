/** The head cannot come back at once: what runs goes on, what is new waits, and everybody is told why. */
import assert from "assert";
import { join } from "node:path";
import { nodeLogDir } from "../../lib/runtime/paths.ts";
import type { Node } from "./harness/node.ts";
import { isRunning, signal } from "./harness/processes.ts";
import type { Program } from "./harness/program.ts";
import { theme } from "./harness/scenario.ts";
import { storeCount } from "./harness/store_files.ts";
import { until } from "./harness/until.ts";

/** No connection can be made to a multicast address: what a closed firewall is for others. */
const UNREACHABLE = "224.0.0.9";

let head: Node;
let second: Node;
let hidden: Node;
const { place, test } = theme("head away", async (place) => {
  head = await place.head({ flags: ["--resources", '{"gold": 1}'] });
  second = await place.join(head);
  hidden = await place.join(head, { ip: UNREACHABLE });
});

function daemonLog(): string {
  return Deno.readTextFileSync(join(nodeLogDir(head.dir, head.record.node_id), "daemon.log"));
}

/** Kills the head's process and takes its port before the next one can. */
async function takePort(): Promise<Deno.TcpListener> {
  const [hostname, port] = head.record.head_address.split(":");
  const killed = head.headPid;
  signal(killed, "SIGKILL");
  return await until("the head's port is free", () => {
    try {
      return Deno.listen({ hostname: hostname!, port: Number(port) });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return undefined;
      throw error;
    }
  });
}

test("calls, tasks, objects and names go on; new work waits, and is done when it is back", async () => {
  const fifo = join(place.dir, "home", "fifo");
  assert.ok(new Deno.Command("mkfifo", { args: [fifo] }).outputSync().success);
  const nodes = [second.ip, head.ip, UNREACHABLE];
  const driver = second.driver("head_away.py", [...nodes, fifo], { input: true });
  assert.deepEqual(await driver.said(), { ready: true });
  await until("values lie on the head's node", () => storeCount(head) === 2);
  const before = await second.status();
  const squatter = await takePort();
  try {
    const here = await head.cli(["status"]);
    assert.equal(here.code, 1);
    assert.match(here.stderr, /Cannot ask the head at .*: it has been away for \d+ s \(/);
    assert.match(
      here.stderr,
      /Cannot listen on port \d+ of 127\.0\.0\.1: another program holds it/,
    );
    assert.match(here.stderr, /actors and their calls go on, and new work waits/);
    const there = await second.cli(["status"]);
    assert.match(
      there.stderr,
      /it has been away for \d+ s \(.*\)\.\n.*new work waits for it\. The node/,
    );
    await driver.tell("away\n");
    assert.deepEqual(await driver.said(), { waits: true });
    await Deno.writeTextFile(fifo, "done");
    assert.deepEqual(await driver.said(), { under_way: "done" });
    assert.deepEqual(await driver.said(), { near: true });
  } finally {
    squatter.close();
  }
  // A joiner that came while there was no head.
  const joining = place.join(head, { ip: "127.0.0.4" });
  await driver.tell("back\n");
  assert.deepEqual(await driver.said(), { late: [1, 42], waiting: false });
  assert.deepEqual(await driver.said(), { asked: true });
  assert.deepEqual(await driver.said(), { names: [3, 1] });
  const joiner = await joining;
  const after = await until("all nodes are there", async () => {
    const status = await second.status();
    return status.nodes.filter(({ state }) => state === "alive").length === 4 && status;
  });
  assert.equal(after.cluster, before.cluster);
  assert.ok(after.epoch > before.epoch);
  const known = before.nodes.map(({ node_id }) => node_id);
  assert.deepEqual(
    after.nodes.map(({ node_id }) => node_id).sort(),
    [...known, joiner.record.node_id].sort(),
  );
  const [waiting] = after.pending;
  assert.match(waiting!.text, /[Pp]lacement group waiting .*gold/);
  await until(
    "what was let go meanwhile is gone",
    () => storeCount(head) + storeCount(second) === 0,
  );
  const { calls } = await driver.said();
  for (const count of calls) assert.ok(count > 8, `${calls}`);
  await driver.tell("seen\n");
  assert.deepEqual(await driver.said(), { created: true });
  const { stderr } = await driver.ok();
  assert.match(stderr, /relayed by the head/);
  assert.match(
    stderr,
    /The head at .* has been away for \d+ s \(.*\)\. Actors and their calls go on/,
  );
  assert.match(stderr, /The head at .* is back\./);
  await joiner.down();
});

test("the daemon says once what keeps the head from starting", async () => {
  await until("the head is there", async () => (await head.cli(["status"])).code === 0);
  const said = () => daemonLog().split("\n").filter((line) => / ERROR /.test(line));
  const before = said().length;
  const squatter = await takePort();
  let driver: Program;
  try {
    await until("it has tried", () => said().length > before);
    // Pauses grow to two seconds: by then it has tried several times.
    assert.equal((await head.cli(["status"])).code, 1);
    assert.equal(said().length, before + 1, said().join("\n"));
    await until("it has been away for long", async () => {
      const { stderr } = await head.cli(["status"]);
      return /away for \d{2,} s/.test(stderr);
    });
    // A program that comes now is told what it waits for.
    driver = head.driver("calling.py", [head.ip], { input: true });
    await driver.complains(/The head at .* has been away for .* another program holds it/);
  } finally {
    squatter.close();
  }
  assert.deepEqual(await driver.said(), { calling: true });
  await driver.endInput();
  await driver.ok();
  await until("it is back", async () => (await head.cli(["status"])).code === 0);
});

test("a second head cannot have the first one's runtime directory", async () => {
  const config = { listen: { host: "127.0.0.1", port: 0 }, runtime_dir: head.dir };
  const second = place.run([place.beam, "head"], { env: head.env(), input: true });
  await second.tell(JSON.stringify(config) + "\n");
  const { error } = await second.said();
  assert.match(error.message, /Cannot open the head's journal .*head\.db: another head uses it/);
  assert.equal((await second.end()).code, 1);
  const again = await head.cli(["up", "--head", "--port", "0", ...head.flags]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /already has one \(head 127\.0\.0\.1, pid \d+/);
});

test("a node that is not back within 10 s of the restart is dead, and ends its workers when it comes", async () => {
  const lost = await place.join(head, { ip: "127.0.0.5" });
  const driver = head.driver("elsewhere.py", [lost.ip]);
  assert.deepEqual(await driver.said(), { hello: "hello" });
  assert.deepEqual(await driver.said(), { waiting: true });
  const { actors } = await head.status();
  const { pid } = actors.find((actor) => actor.node_id === lost.record.node_id)!;
  signal(lost.record.pid, "SIGSTOP");
  const killed = head.headPid;
  signal(killed, "SIGKILL");
  await until("the head is gone", () => !isRunning(killed));
  const { error } = await driver.said();
  assert.match(error.text, /did not come back within 10 s of the head's restart/);
  await driver.end();
  assert.ok(isRunning(pid));
  signal(lost.record.pid, "SIGCONT");
  await until("its worker has ended", () => !isRunning(pid));
  await until("it is back under another id", async () => {
    const { nodes } = await head.status();
    return nodes.some(({ ip, state, node_id }) =>
      ip === lost.ip && state === "alive" && node_id !== lost.record.node_id
    );
  });
  await lost.down();
});

test("a journal that cannot be read is set aside, and the cluster goes on without it", async () => {
  const driver = second.driver("elsewhere.py", [hidden.ip]);
  assert.deepEqual(await driver.said(), { hello: "hello" });
  assert.deepEqual(await driver.said(), { waiting: true });
  const before = await head.status();
  signal(head.record.pid, "SIGSTOP");
  const killed = head.headPid;
  signal(killed, "SIGKILL");
  const journal = join(head.dir, "head.db");
  await until("it is nobody's", () => {
    Deno.writeTextFileSync(journal, "This is no journal any more. ".repeat(1000));
    return true;
  });
  signal(head.record.pid, "SIGCONT");
  const { error } = await driver.said();
  assert.match(error.text, /head lost its journal/i);
  await driver.end();
  const after = await until("all nodes are there", async () => {
    const status = await head.status();
    return status.nodes.filter(({ state }) => state === "alive").length === 3 && status;
  });
  assert.equal(after.cluster, before.cluster);
  assert.ok(after.epoch > before.epoch, `${after.epoch}`);
  assert.ok(Deno.statSync(`${journal}.damaged`).size > 0);
  assert.match(daemonLog(), /head\.db: it is damaged .* set aside as .*head\.db\.damaged/);
  const next = second.driver("elsewhere.py", [hidden.ip]);
  assert.deepEqual(await next.said(), { hello: "hello" });
  await next.stop();
});
