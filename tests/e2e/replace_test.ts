/** `beam up --replace`: another version takes over under running work. */
import assert from "assert";
import { PROTOCOL_VERSION } from "../../lib/wire/messages.ts";
import type { Node } from "./harness/node.ts";
import { isRunning } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { secondVersion } from "./harness/second_version.ts";
import { until } from "./harness/until.ts";

/** No connection can be made to a multicast address: what a closed firewall is for others. */
const UNREACHABLE = "224.0.0.9";
const NEXT = "9.9.9";

let head: Node;
let second: Node;
let next: string;
const { place, test } = theme("replace", async (place) => {
  next = secondVersion(place, { version: NEXT });
  head = await place.head();
  second = await place.join(head);
  await place.join(head, { ip: UNREACHABLE });
});

const replace = (node: Node, beam = next, args: string[] = []) =>
  place.run([beam, "up", "--replace", ...args], { env: node.env() }).end();
const alive = async (count: number) =>
  await until(`${count} nodes are there`, async () => {
    const status = await second.status();
    return status.nodes.filter(({ state }) => state === "alive").length === count && status;
  });

test("the head is exchanged under calls on all paths; the daemon stays where something runs", async () => {
  const driver = second.driver("calling.py", [second.ip, head.ip, UNREACHABLE], { input: true });
  assert.deepEqual(await driver.said(), { calling: true });
  const before = await second.status();
  const former = head.headPid;
  const { code, stdout, stderr } = await replace(head);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^The head of 127\.0\.0\.1 is beam 9\.9\.9\+\w+ now \(pid \d+, before: \d/m);
  assert.match(stdout, /Workers, their calls and programs went on meanwhile/);
  assert.match(stderr, /Cannot replace the daemon of 127\.0\.0\.1: its node still has 1 worker\./);
  assert.match(stderr, /Empty it first with `beam drain 127\.0\.0\.1`/);
  assert.notEqual(head.headPid, former);
  assert.ok(!isRunning(former));
  assert.ok(isRunning(head.record.pid));
  const after = await alive(3);
  assert.equal(after.cluster, before.cluster);
  assert.equal(after.head_address, before.head_address);
  await driver.tell("new\n");
  assert.deepEqual(await driver.said(), { new: 1 });
  await driver.endInput();
  const { calls } = await driver.said();
  assert.equal(calls.length, 3);
  await driver.ok();
});

test("the head that takes over is the one that is started again", async () => {
  const former = head.headPid;
  Deno.kill(former, "SIGKILL");
  await until("it is gone", () => !isRunning(former));
  await alive(3);
  const { head: again } = JSON.parse((await replace(head, place.beam, ["--json"])).stdout);
  assert.match(again.former, /^9\.9\.9\+/);
});

test("where nothing runs the daemon goes too, with its configuration, and the cluster stays", async () => {
  const { cluster, head_address } = await alive(3);
  // There and back: what follows wants the Python package of the beam under test.
  for (const [node, beam] of [[second, next], [head, next], [second], [head]] as const) {
    const former = node.record;
    await node.tell("drain", node.ip); // which its new daemon knows nothing of
    const { code, stdout, stderr } = await replace(node, beam ?? place.beam, ["--json"]);
    assert.equal(code, 0, stderr);
    const replaced = JSON.parse(stdout);
    assert.equal(/^9\.9\.9\+/.test(replaced.daemon.build), beam === next);
    assert.equal(replaced.head === undefined, node === second);
    await until("the former daemon has ended", () => !isRunning(former.pid));
    node.record = { ...former, pid: replaced.daemon.pid };
    const status = await alive(3);
    assert.deepEqual([status.cluster, status.head_address], [cluster, head_address]);
    const [one, ...more] = status.nodes.filter(({ ip, alive }) => ip === node.ip && alive);
    assert.deepEqual([one!.total["CPU"], more], [8, []]);
    node.record.node_id = one!.node_id;
  }
  const driver = head.driver("calling.py", [head.ip, second.ip], { input: true });
  assert.deepEqual(await driver.said(), { calling: true });
  await driver.endInput();
  await driver.said();
  await driver.ok();
});

test("a beam of another protocol is refused with what to do, and the head stays", async () => {
  const strange = secondVersion(place, { version: "7.7.7", protocol: PROTOCOL_VERSION + 1 });
  const former = head.headPid;
  const { code, stderr } = await replace(head, strange);
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`Cannot replace .* by beam 7\\.7\\.7\\+\\w+ \\(protocol ${PROTOCOL_VERSION + 1}\\)`),
  );
  assert.match(stderr, /End all nodes with `beam down`, then start them with the new beam/);
  assert.equal(head.headPid, former);
});

test("what cannot start leaves the former in its place, and its words are told", async () => {
  const broken = secondVersion(place, { version: "6.6.6" });
  const main = broken.replace(/beam$/, "lib/head/main.ts");
  Deno.writeTextFileSync(main, 'throw new Error("This head is broken");\n');
  const driver = head.driver("calling.py", [head.ip], { input: true });
  assert.deepEqual(await driver.said(), { calling: true });
  const { code, stderr } = await replace(head, broken);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot start the head: its process ended .*This head is broken/);
  await alive(3);
  await driver.tell("new\n");
  assert.deepEqual(await driver.said(), { new: 1 });
  await driver.endInput();
  await driver.said();
  await driver.ok();
});

test("a node of another protocol is told so by its own status", async () => {
  const address = head.record.head_address;
  const strange = secondVersion(place, { version: "5.5.5", protocol: PROTOCOL_VERSION + 2 });
  await head.down();
  const other = place.node({ dir: head.dir });
  const up = ["up", "--head", "--port", address.split(":")[1]!, ...other.flags];
  const started = await place.run([strange, ...up], { env: head.env() }).end();
  assert.equal(started.code, 0, started.stderr);
  try {
    const said = await until("the node has tried", async () => {
      const { stderr } = await second.cli(["status"]);
      return /protocol/.test(stderr) && stderr;
    });
    assert.match(said, new RegExp(`Cannot talk to build .*: this is build 5\\.5\\.5`));
  } finally {
    await place.run([strange, "down"], { env: head.env() }).ok();
  }
});
