/** Actors over two nodes: where they run, what they see, how they are called. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
let second: Node;
const { place, test } = theme("actors", async (place) => {
  head = await place.head({ gpus: 2 });
  second = await place.join(head, { gpus: 2 });
});

test("groups put actors on the nodes and GPUs that their strategy asks for", async () => {
  const strategies = ["STRICT_SPREAD", "SPREAD", "STRICT_PACK", "PACK"];
  const driver = head.driver("placement.py", strategies);
  for (const strategy of strategies) {
    const { places, group, ...said } = await driver.said();
    assert.equal(said.strategy, strategy);
    const ips = new Set(places.map((place: { ip: string }) => place.ip));
    assert.equal(ips.size, strategy.includes("SPREAD") ? 2 : 1, JSON.stringify(places));
    const devices = new Set(
      places.map((place: { ip: string; gpus: number[] }) => `${place.ip} ${place.gpus}`),
    );
    assert.equal(devices.size, 2, "no device is granted twice");
    for (const { group: own } of places) assert.equal(own, group);
  }
  await driver.ok();
  const { usage } = await head.status() as unknown as { usage: { used: Record<string, number> } };
  assert.deepEqual(usage.used, {}, "everything is free again");
});

test("an actor finds its variables, its hook, its devices and its ids", async () => {
  const cwd = join(place.dir, "work");
  Deno.mkdirSync(cwd, { recursive: true });
  const driver = head.driver("surroundings.py", [], { cwd, env: { E2E_BOTH: undefined } });
  const { plain } = await driver.said("plain");
  assert.deepEqual(plain.env, {
    E2E_JOB: "job",
    E2E_BOTH: "job",
    E2E_ACTOR: null,
    E2E_PATH: null,
    E2E_HOOK: "ran",
    CUDA_VISIBLE_DEVICES: null,
    HOME: plain.env.HOME,
  });
  assert.deepEqual(plain.at_init, plain.env, "all is there before __init__");
  assert.deepEqual([plain.gpus, plain.cwd], [[], cwd]);
  const { varied } = await driver.said("varied");
  assert.deepEqual([varied.env.E2E_BOTH, varied.env.E2E_ACTOR], ["actor", "1"]);
  assert.equal(varied.env.E2E_PATH, `${plain.env.HOME}:/e2e`);
  const { whole } = await driver.said("whole");
  assert.equal(whole.gpus.length, 1);
  assert.equal(whole.env.CUDA_VISIBLE_DEVICES, String(whole.gpus[0]));
  assert.deepEqual(whole.accelerators, [String(whole.gpus[0])]);
  const { shares } = await driver.said("shares");
  const [one, other] = shares;
  assert.deepEqual([one.node, one.gpus], [other.node, other.gpus], "halves share one device");
  assert.notEqual(one.pid, other.pid);
  assert.notDeepEqual([one.node, one.gpus], [whole.node, whole.gpus]);
  assert.deepEqual((await driver.said("private")).private, []);
  assert.match((await driver.said("fresh")).fresh, /(^|:)\/e2e$/);
  const { noset } = await driver.said("noset");
  assert.deepEqual([noset.gpus.length, noset.env.CUDA_VISIBLE_DEVICES], [1, null]);
  const { driver: own } = await driver.said("driver");
  assert.equal(plain.job, own.job);
  await driver.ok();
});

test("actors are found by name, passed on as handles, and named once", async () => {
  const driver = head.driver("names.py");
  assert.deepEqual(await driver.said(), { own: 1, found: 2 });
  assert.deepEqual(await driver.said(), { passed: 3, by_name: 4 });
  const { duplicate } = await driver.said();
  assert.match(duplicate.text, /counter/);
  assert.deepEqual(await driver.said(), { existing: 5 });
  assert.deepEqual(await driver.said(), { kept: 6 });
  assert.deepEqual(await driver.said(), { child: 1, same: 2 });
  assert.match((await driver.said()).absent.text, /nobody/);
  await driver.ok();
});

for (const [where, ip] of [["the driver's node", "127.0.0.1"], ["another node", "127.0.0.2"]]) {
  test(`calls to an actor on ${where} are in order, and answer whatever they carry`, async () => {
    const driver = head.driver("calls.py", [ip!]);
    assert.deepEqual(await driver.said(), { answers: true, state: [true, 10_000, 1] });
    const { threads, state } = await driver.said();
    assert.deepEqual(threads, Array(8).fill(true));
    assert.deepEqual(state.slice(1), [1600, 1], "one at a time, on one thread");
    assert.deepEqual(await driver.said(), { large: true });
    assert.deepEqual(await driver.said(), { put: [64 * 2 ** 20, 64 * 2 ** 20] });
    assert.deepEqual(await driver.said(), { chain: 1000 });
    assert.deepEqual(await driver.said(), { pair: [1, 2] });
    const { own, division } = await driver.said();
    for (const [error, cause] of [[own, "OwnError"], [division, "ZeroDivisionError"]]) {
      assert.equal(error.is_task_error && error.is_own, true, JSON.stringify(error));
      assert.ok(error.bases.includes(cause));
      assert.match(error.text, new RegExp(`${cause}: `));
    }
    assert.match(own.text, /its own words/);
    assert.deepEqual(await driver.said(), { after: 0.5 });
    assert.ok((await driver.said()).timeout.bases.includes("TimeoutError"));
    assert.deepEqual(await driver.said(), { waited: [0, 1], later: "slept" });
    await driver.ok();
  });
}

test("a driver on the second node does the same", async () => {
  const driver = second.driver("placement.py", ["STRICT_SPREAD"]);
  assert.equal(new Set((await driver.said()).places.map(({ ip }: { ip: string }) => ip)).size, 2);
  await driver.ok();
});

test("one thread waits for a death while another gets results", async () => {
  const driver = head.driver("engine.py");
  assert.deepEqual(await driver.said(), { right: true, quiet: true });
  const { monitor, rank } = await driver.said();
  assert.equal(rank, 1);
  assert.match(monitor.text, /SIGKILL/);
  assert.deepEqual(await driver.said(), { other: 42 });
  await driver.ok();
});

test("workers' output reaches the driver with a prefix, and the logs", async () => {
  const driver = head.driver("output.py", ["on"], { input: true });
  const { actor } = await driver.said();
  for (const text of ["out one", "err one", "raw two"]) {
    const line = new RegExp(`^.*\\(Talker pid=\\d+(, ip=[\\d.]+)?\\).* ${text}$`, "m");
    await (text.startsWith("err") ? driver.complains(line) : driver.prints(line));
  }
  await driver.endInput();
  await driver.ok();
  assert.match(await head.tell("logs", actor), /out one/);
  const quiet = head.driver("output.py", ["off"], { input: true });
  await quiet.said();
  await quiet.endInput();
  const { stdout, stderr } = await quiet.ok();
  assert.doesNotMatch(stdout + stderr, /one|two/);
});
