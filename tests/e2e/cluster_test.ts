/** Nodes come, join, are shown, are refused, and go. */
import assert from "assert";
import { join } from "node:path";
import { freePort } from "./harness/ports.ts";
import { commandOf, isRunning, marked } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import type { Node } from "./harness/node.ts";
import { until } from "./harness/until.ts";

let head: Node;
let second: Node;
const { place, test } = theme("cluster", async (place) => {
  head = await place.head({ flags: ["--resources", '{"mlx": 1}', "--name", "first"], gpus: 2 });
  second = await place.join(head, { gpus: 1, flags: ["--labels", "zone=b"] });
});

/** All daemons here, also those that are about to start. */
const daemons = () => marked(place.mark).filter((pid) => commandOf(pid).endsWith(" daemon"));

/** Nothing but an error in two lines: what happened, and what to do. */
async function refuses(
  ending: Promise<{ code: number; stdout: string; stderr: string }>,
  what: RegExp,
  code = 1,
): Promise<string> {
  const { stdout, stderr, ...ended } = await ending;
  const lines = stderr.trimEnd().split("\n");
  assert.match(lines[0]!, what);
  assert.equal(stdout, "");
  assert.equal(ended.code, code, stderr);
  assert.equal(lines.length, 2, stderr);
  return lines[1]!;
}

test("two nodes form a cluster, and status shows both with what they have", async () => {
  const { nodes, cluster } = await second.status();
  assert.equal(cluster, head.record.cluster);
  const seen = nodes.map(({ ip, is_head, alive, total, labels }) => ({
    ip,
    is_head,
    alive,
    cpu: total["CPU"],
    gpu: total["GPU"],
    mlx: total["mlx"],
    own: total[`node:${ip}`],
    internal: total["node:__internal_head__"],
    zone: labels["zone"],
  }));
  assert.deepEqual(seen.sort((a, b) => a.ip < b.ip ? -1 : 1), [
    {
      ip: "127.0.0.1",
      is_head: true,
      alive: true,
      cpu: 8,
      gpu: 2,
      mlx: 1,
      own: 1,
      internal: 1,
      zone: undefined,
    },
    {
      ip: "127.0.0.2",
      is_head: false,
      alive: true,
      cpu: 8,
      gpu: 1,
      mlx: undefined,
      own: 1,
      internal: undefined,
      zone: "b",
    },
  ]);
});

test("status is JSON of the cluster and of nothing else", async () => {
  const status = await head.status() as unknown as Record<string, unknown>;
  assert.equal(status["head_address"], head.record.head_address);
  assert.deepEqual(["kind", "id"].filter((name) => name in status), []);
});

test("status and nodes are readable", async () => {
  const status = await head.tell("status");
  assert.match(status, /^Cluster at 127\.0\.0\.1:\d+: 2 nodes$/m);
  assert.match(status, /GPU: 3 of 3 free/);
  const table = (await head.tell("nodes")).trimEnd().split("\n");
  assert.equal(table.length, 3);
  assert.match(table[0]!, /^NODE +IP +HOST +ROLE +STATE/);
  const nodes = JSON.parse(await second.tell("nodes", "--json")) as { ip: string }[];
  assert.deepEqual(nodes.map(({ ip }) => ip).sort(), ["127.0.0.1", "127.0.0.2"]);
});

test("wait tells what is there, and fails when it does not come", async () => {
  const there = await head.tell("wait", "--nodes", "2", "--gpus", "3", "--json");
  assert.deepEqual(JSON.parse(there), { nodes: 2, gpus: 3 });
  const late = head.cli(["wait", "--nodes", "3", "--timeout", "0.3"]);
  await refuses(late, /after 0\.3 s the cluster must have 3 nodes.*it has 2 nodes/);
});

test("BEAM_SOCK chooses the daemon, whatever the runtime directory says", async () => {
  const ending = await place.cli(["nodes", "--json"], { BEAM_SOCK: second.record.socket });
  assert.equal(JSON.parse(ending.stdout).length, 2, ending.stderr);
  const nobody = place.cli(["status"], { BEAM_SOCK: join(place.dir, "nobody.sock") });
  assert.match(
    await refuses(nobody, /Cannot reach the node's daemon at .*nobody\.sock/),
    /BEAM_SOCK/,
  );
});

test("without a choice, nodes of two clusters are named instead of guessed", async () => {
  const { nodes } = JSON.parse((await place.cli(["status", "--json"])).stdout);
  assert.equal(nodes.length, 2, "both nodes of one cluster answer alike");
  const other = await place.head({ ip: "127.0.0.8" });
  const mend = await refuses(place.cli(["status"]), /Cannot tell which node is meant: 3 run here/);
  assert.match(mend, /BEAM_RUNTIME_DIR/);
  await other.down();
});

test("a second node in the same runtime directory is refused", async () => {
  const mend = await refuses(
    head.cli(["up", "--head", "--port", "0"]),
    /already has one \(head 127\.0\.0\.1, pid \d+/,
  );
  assert.match(mend, /beam down/);
});

test("a port that is taken is named", async () => {
  const port = head.record.head_address.split(":")[1]!;
  const other = place.node();
  await refuses(
    other.cli(["up", "--head", "--port", port, ...other.flags]),
    new RegExp(`\\b${port}\\b.*(in use|taken|holds it)`),
  );
  await refuses(
    other.cli(["up", "--head", "--port", "0", "--node-port", port, ...other.flags]),
    new RegExp(`\\b${port}\\b.*(in use|taken|holds it)`),
  );
});

test("a joiner with another token, with none, or with one for an open head is refused", async () => {
  const { head_address: address } = head.record;
  const joiner = place.node({ ip: "127.0.0.9" });
  const join = (address: string, token: string | undefined) =>
    joiner.cli(["up", "--join", address, ...joiner.flags], { BEAM_TOKEN: token });
  assert.match(await refuses(join(address, "wrong"), /token/), /BEAM_TOKEN/);
  assert.match(await refuses(join(address, undefined), /has a token/), /beam up --head/);

  const open = await place.node({ ip: "127.0.0.8" }).up(["--head", "--port", "0", "--open"]);
  const mend = await refuses(join(open.record.head_address, "some"), /is open/);
  assert.match(mend, /token/);
  await open.down();
});

test("a head that is not there is given up after the join's timeout", async () => {
  const joiner = place.node({ ip: "127.0.0.9" });
  const address = `127.0.0.1:${freePort()}`;
  const ending = await joiner.cli([
    "up",
    "--join",
    address,
    "--join-timeout",
    "1",
    ...joiner.flags,
  ]);
  assert.equal(ending.code, 1);
  assert.match(ending.stderr, new RegExp(`Waiting for the head at ${address}`));
  assert.match(ending.stderr, /Cannot join the head at .* within 1 s/);
});

test("a node that comes before its head says so, and joins when the head is up", async () => {
  const port = freePort();
  const early = place.node({ ip: "127.0.0.4" });
  const env = early.env({ BEAM_TOKEN: "a-token-that-both-know" });
  const joining = place.run(
    [place.beam, "up", "--join", `127.0.0.3:${port}`, ...early.flags, "--json"],
    { env },
  );
  await joining.complains(/Waiting for the head at 127\.0\.0\.3:\d+ .*trying for/);
  const late = place.node({ ip: "127.0.0.3", env: { BEAM_TOKEN: "a-token-that-both-know" } });
  await late.up(["--head", "--port", `${port}`]);
  early.record = JSON.parse((await joining.ok()).stdout);
  assert.equal(early.record.cluster, late.record.cluster);
  assert.equal((await late.status()).nodes.length, 2);
  await early.down();
  await until("the head knows that it left", async () => {
    const { nodes } = await late.status();
    return nodes.filter((node) => node.alive).length === 1;
  });
  await late.down();
});

test("a start whose command was killed ends by itself", async () => {
  const joiner = place.node({ ip: "127.0.0.9" });
  const join = ["up", "--join", `127.0.0.1:${freePort()}`, ...joiner.flags];
  const before = daemons();
  const joining = place.run([place.beam, ...join], { env: joiner.env() });
  await joining.complains(/Waiting for the head/);
  const [started] = daemons().filter((pid) => !before.includes(pid));
  await joining.stop();
  await until("its daemon is gone", () => !isRunning(started!));
});

test("a start that is interrupted says so and leaves nothing", async () => {
  const joiner = place.node({ ip: "127.0.0.9" });
  const join = ["up", "--join", `127.0.0.1:${freePort()}`, ...joiner.flags];
  const before = daemons();
  const joining = place.run([place.beam, ...join], { env: joiner.env() });
  await joining.complains(/Waiting for the head/);
  const [started] = daemons().filter((pid) => !before.includes(pid));
  joining.kill("SIGINT");
  const { code, stderr } = await joining.end();
  assert.equal(code, 1);
  assert.match(stderr, /SIGINT came while the node was starting/);
  await until("its daemon is gone", () => !isRunning(started!));
});

test("BEAM_NODE_IP is the address of a node that was given none", async () => {
  const node = place.node({ ip: "127.0.0.5" });
  const flags = ["--num-cpus", "1", "--num-gpus", "0", "--json"];
  const ending = await node.cli(["up", "--head", "--port", "0", ...flags], {
    BEAM_NODE_IP: "127.0.0.5",
  });
  assert.equal(ending.code, 0, ending.stderr);
  node.record = JSON.parse(ending.stdout);
  assert.equal(node.record.node_ip, "127.0.0.5");
  await node.down();
});

test("--block ends with SIGTERM, and takes the node with it", async () => {
  const node = place.node({ ip: "127.0.0.6" });
  const up = ["up", "--head", "--port", "0", "--block", "--json", ...node.flags];
  const front = place.run([place.beam, ...up], { env: node.env() });
  await front.prints(/^}$/m);
  node.record = JSON.parse(front.stdout);
  front.kill("SIGTERM");
  assert.equal((await front.end()).code, 0);
  assert.equal(isRunning(node.record.pid), false);
});

test("--block ends with its node: 0 when it was asked to, else 1 with the reason", async () => {
  for (const [how, code] of [["down", 0], ["kill", 1]] as const) {
    const node = place.node({ ip: "127.0.0.6" });
    const up = ["up", "--head", "--port", "0", "--block", "--json", ...node.flags];
    const front = place.run([place.beam, ...up], { env: node.env() });
    await front.prints(/^}$/m);
    node.record = JSON.parse(front.stdout);
    if (how === "kill") await node.killDaemon();
    else await node.down();
    const ending = await front.end();
    assert.equal(ending.code, code, ending.stderr);
    if (how === "kill") assert.match(ending.stderr, /The node 127\.0\.0\.6 has ended.*SIGKILL/);
  }
});

test("what a killed node left does not stop the next one there", async () => {
  const node = await place.head({ ip: "127.0.0.7" });
  const before = node.record;
  await node.killDaemon();
  await refuses(place.cli(["status"], { BEAM_SOCK: before.socket }), /Cannot reach/);
  await node.up(["--head", "--port", before.head_address.split(":")[1]!]);
  assert.equal(node.record.cluster, before.cluster, "the journal keeps the cluster");
  node.wasKilled = false;
  await node.down();
});

test("wrong command lines are refused with exit code 2", async () => {
  const up = ["up", "--head", "--port", "0"];
  const wrong: [string[], RegExp][] = [
    [[...up, "--resources", "{mlx: 1}"], /--resources/],
    [[...up, "--resources", '{"GPU": 1}'], /GPU is no custom resource/],
    [[...up, "--num-gpus", "-1"], /--num-gpus/],
    [[...up, "--nmu-gpus", "1"], /--nmu-gpus/],
    [["up"], /--head and --join/],
    [["stauts"], /there is no such command/],
  ];
  for (const [args, what] of wrong) await refuses(place.cli(args), what, 2);
});

test("down without a node is no error", async () => {
  const ending = await place.cli(["down"]);
  assert.deepEqual([ending.code, ending.stdout], [0, "No node runs in this runtime directory.\n"]);
});
