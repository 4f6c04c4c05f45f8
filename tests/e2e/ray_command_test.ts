/** `ray …` as scripts call it: the lines that they wait for, parse and loop on. */
import assert from "assert";
import { join } from "node:path";
import { freePort } from "./harness/ports.ts";
import type { Node } from "./harness/node.ts";
import type { Changes } from "./harness/place.ts";
import { isRunning } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";

let node: Node;
let address: string;
const { place, test } = theme("ray", async (place) => {
  node = place.node();
  const port = freePort();
  const start = ["start", "--head", `--port=${port}`, "--num-cpus=4", "--num-gpus=2"];
  const units = ["--resources", '{"worker_units": 16}', "--node-ip-address=127.0.0.1"];
  const flags = [
    "--disable-usage-stats",
    "--dashboard-host=0.0.0.0",
    "--include-dashboard=True",
    "--no-monitor",
  ];
  const ending = await node.cli(["ray", ...start, ...units, ...flags]);
  assert.equal(ending.code, 0, ending.stderr);
  node.record = JSON.parse(Deno.readTextFileSync(recordPath()));
  address = node.record.head_address;
  assert.match(ending.stdout, /^Local node IP: \S+$/m);
  assert.match(ending.stdout, /^Ray runtime started\.$/m);
  assert.match(ending.stdout, new RegExp(`^ +ray start --address='${address}'$`, "m"));
  assert.match(ending.stderr, /this cluster is open/);
  assert.match(ending.stderr, /without meaning here: --no-monitor$/m);
});

/** The only record under the place's machine directory. */
function recordPath(): string {
  const dir = join(place.dir, "run", "beam");
  const [only] = [...Deno.readDirSync(dir)];
  return join(dir, only!.name, "daemon.json");
}

/** Runs a shell script as a user of the cluster would: `ray` on PATH, the package found. */
function sh(script: string, env: Changes = {}) {
  const path = `${join(node.dir, "bin")}:${Deno.env.get("PATH")}`;
  return place.run(["bash", "-c", script], { env: node.programEnv({ PATH: path, ...env }) }).end();
}

test("the one-liner that counts nodes prints only the number", async () => {
  const code = "import ray; ray.init(); print(sum(node['Alive'] for node in ray.nodes()))";
  const ending = await sh(`${place.python} -c "${code}"`);
  assert.deepEqual([ending.stdout, ending.code], ["1\n", 0], ending.stderr);
});

test("what scripts take out of `ray status` is there", async () => {
  const script = [
    `ray status 2>/dev/null | grep -c "node_"`,
    `ray status | grep node_ | wc -l`,
    `ray status | grep -oP '(?<=/)\\d+\\.\\d+(?=\\s*GPU)' | head -1`,
    `ray status | grep worker_units | awk -F'[/. ]' '{print $4}'`,
    `ray status &>/dev/null && echo up`,
  ].join("\n");
  const ending = await sh(script);
  assert.deepEqual(ending.stdout.trim().split("\n"), ["1", "1", "2.0", "16", "up"], ending.stderr);
});

test("status, health-check and list take RAY_ADDRESS and --address", async () => {
  const none = { BEAM_RUNTIME_DIR: undefined, RAY_ADDRESS: address };
  assert.match((await sh("ray status", none)).stdout, /^ 1 node_[0-9a-f]{56}$/m);
  const health = await sh(`ray health-check --address ${address}`);
  assert.deepEqual([health.code, health.stdout, health.stderr], [0, "", ""]);
  const dead = await sh(`ray health-check --address 127.0.0.1:${freePort()}`);
  assert.deepEqual([dead.code, dead.stdout], [1, ""]);
  assert.notEqual((await sh(`ray status --address=127.0.0.1:${freePort()}`)).code, 0);
  const list = await sh(`ray list nodes --format json --address ${address}`);
  const [row] = JSON.parse(list.stdout);
  assert.deepEqual([row.state, row.is_head_node, row.node_id], [
    "ALIVE",
    true,
    node.record.node_id,
  ]);
});

test("python3 -m ray is the same command", async () => {
  const ending = await sh(`${place.python} -m ray status | grep -c node_`);
  assert.equal(ending.stdout, "1\n", ending.stderr);
  assert.match(
    (await sh(`${place.python} -m ray --version`)).stdout,
    /^ray, version \d+\.\d+\.\d+$/m,
  );
  assert.equal((await sh(`${place.python} -m ray.scripts.scripts status`)).code, 0);
});

test("beam env and beam run give a program the package", async () => {
  const import_ = `${place.python} -c 'import ray; print(ray.__version__)'`;
  const bare = { PYTHONPATH: undefined };
  const script = `eval "$(${place.beam} env)"; ${import_}; ${place.beam} run -- ${import_}`;
  const ending = await sh(script, bare);
  assert.match(ending.stdout, /^(\d+\.\d+\.\d+)\n\1\n$/, ending.stderr);
  const path = await sh(`${place.beam} shim-path`, bare);
  assert.equal(path.stdout, node.record.shim_path + "\n");
});

test("a second worker starts, blocks, and ends when its node does", async () => {
  const worker = place.node({ ip: "127.0.0.2" });
  const start = `ray start --address=${address} --block --node-ip-address 127.0.0.2`;
  const env = node.programEnv({
    ...worker.env(),
    PATH: `${join(node.dir, "bin")}:${Deno.env.get("PATH")}`,
  });
  const front = place.run(["bash", "-c", `exec ${start}`], { env });
  await front.prints(/Ray runtime started/);
  const { nodes } = await node.status();
  const joined = nodes.find(({ ip }) => ip === "127.0.0.2")!;
  const { pid } = joined.extra as { pid: number };
  assert.equal(isRunning(pid), true);
  front.kill("SIGTERM");
  assert.equal((await front.end()).code, 0);
  assert.equal(isRunning(pid), false);
});

test("with --block an absent head is an exit code that loops can retry on", async () => {
  const start = `ray start --address=127.0.0.1:${freePort()} --block`;
  const elsewhere = { BEAM_RUNTIME_DIR: join(place.dir, "other"), BEAM_JOIN_TIMEOUT: "0.5" };
  assert.notEqual((await sh(start, elsewhere)).code, 0);
});

test("the same port twice, bad JSON and unknown flags are refused", async () => {
  const port = address.split(":")[1];
  const elsewhere = { BEAM_RUNTIME_DIR: join(place.dir, "other") };
  const twice = await sh(`ray start --head --port=${port} --node-ip-address=127.0.0.1`, elsewhere);
  assert.equal(twice.code, 1);
  assert.match(twice.stderr, new RegExp(`${port}`));
  const json = await sh("ray start --head --resources='{mlx}'", elsewhere);
  assert.match(json.stderr, /--resources/);
  assert.notEqual(json.code, 0);
  assert.notEqual((await sh("ray start --haed", elsewhere)).code, 0);
});

test("stop ends it, and then there is no cluster", async () => {
  const stop = await sh("ray stop --force");
  assert.match(stop.stdout, /^Stopped all \d+ Ray processes\.$/m);
  assert.equal(isRunning(node.record.pid), false);
  const status = await sh("ray status");
  assert.equal(status.code, 1);
  assert.match(status.stderr, /ConnectionError: Could not find any running Ray instance/);
  assert.equal((await sh("ray stop")).stdout, "Did not find any active Ray processes.\n");
  const auto = await sh(`${place.python} -c 'import ray; ray.init("auto")'`);
  assert.match(auto.stderr, /^ConnectionError: /m);
});
