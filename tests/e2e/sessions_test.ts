/** Which cluster a program belongs to, and how its session begins and ends. */
import assert from "assert";
import { join } from "node:path";
import type { Changes } from "./harness/place.ts";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

let first: Node;
let second: Node;
const { place, test } = theme("sessions", async (place) => {
  first = await place.head();
  second = await place.head({ ip: "127.0.0.2" });
});

/** A program's session, told as the node that it found or the error's text. */
async function found(changes: Changes, init = "") {
  const code = `import ray; print(ray.init(${init}).address_info["node_id"])`;
  const env = { PYTHONPATH: first.record.shim_path, ...changes };
  const { stdout, stderr } = await place.run([place.python, "-c", code], { env }).end();
  return stdout.trim() || stderr.trimEnd().split("\n").at(-1)!;
}

test("BEAM_SOCK, RAY_ADDRESS, an address and the runtime directory choose the daemon", async () => {
  const { socket, head_address: address, node_id } = second.record;
  assert.equal(await found({ BEAM_SOCK: socket }), node_id);
  assert.equal(await found({ RAY_ADDRESS: address }), node_id);
  assert.equal(await found({}, `"${address}"`), node_id);
  assert.equal(await found({ BEAM_RUNTIME_DIR: second.dir }), node_id);
  assert.equal(await found({ BEAM_RUNTIME_DIR: second.dir }, `"auto"`), node_id);
  const local = `localhost:${first.record.head_address.split(":")[1]}`;
  assert.equal(await found({ RAY_ADDRESS: local }), first.record.node_id);
});

test("what fits nothing, or two, is an error that says so", async () => {
  const two = await found({}, `"auto"`);
  assert.match(two, /^ConnectionError: /);
  for (const { record } of [first, second]) assert.ok(two.includes(record.runtime_dir), two);
  const none = await found({ RAY_ADDRESS: "127.0.0.1:1" });
  assert.match(none, /^ConnectionError: .*127\.0\.0\.1:1.*beam up --join/);
  const gone = await found({ BEAM_SOCK: join(place.dir, "gone.sock") });
  assert.match(gone, /^ConnectionError: .*gone\.sock/);
});

test("a session begins, ends, begins again, and outlives forks and interrupts", async () => {
  const driver = first.driver("sessions.py");
  const { twice, again } = await driver.said();
  assert.equal(twice.type, "RuntimeError");
  assert.deepEqual(again, {});
  const { interrupted, later } = await driver.said();
  assert.equal(interrupted.type, "KeyboardInterrupt");
  assert.equal(later, "slept", "the answer is not lost with the interrupt");
  assert.deepEqual(await driver.said(), { forked: 0, same: true });
  assert.deepEqual(await driver.said(), { initialized: false });
  assert.deepEqual(await driver.said(), { owned: false, detached: true });
  assert.deepEqual(await driver.said(), { found: true });
  assert.equal((await driver.said()).resources.type, "ValueError");
  await driver.ok();
});

test("a machine directory whose paths would be too long is not used by either side", async () => {
  const long = join(place.dir, "run", "x".repeat(50));
  Deno.mkdirSync(long, { mode: 0o700 });
  const node = await place.head({ ip: "127.0.0.3", env: { XDG_RUNTIME_DIR: long } });
  const driver = node.driver("one_actor.py");
  assert.equal((await driver.said()).node, node.record.node_id);
  await driver.ok();
  await node.down();
});

test("of two that start at once in one runtime directory one does", async () => {
  const node = place.node({ ip: "127.0.0.4" });
  const up = ["up", "--head", "--port", "0", ...node.flags, "--json"];
  const endings = await Promise.all([node.cli(up), node.cli(up)]);
  const [won, lost] = endings[0].code === 0 ? endings : [endings[1], endings[0]];
  assert.deepEqual([won.code, lost.code], [0, 1], won.stderr + lost.stderr);
  node.record = JSON.parse(won.stdout);
  assert.match(lost.stderr, /Cannot start/);
  assert.equal((await node.status()).nodes.length, 1);
  await node.down();
});
