/** Nodes that are started by what the configuration file says. */
import assert from "assert";
import { join } from "node:path";
import { Ajv } from "ajv";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

const { place, test } = theme("config");

/** `beam up` alone: nothing on the command line. */
async function upByFile(node: Node, text: string, mode = 0o600): Promise<void> {
  const path = join(place.dir, `${place.nodes.length}.toml`);
  Deno.writeTextFileSync(path, text);
  Deno.chmodSync(path, mode);
  const ending = await node.cli(["up", "--config", path, "--json"]);
  assert.equal(ending.code, 0, ending.stderr);
  node.record = JSON.parse(ending.stdout);
}

test("`beam up` alone starts a head and a node, each with what its file says", async () => {
  const head = place.node({ ip: "127.0.0.1" });
  await upByFile(
    head,
    `[up]
head = true
port = 0
node-ip = "127.0.0.1"
num-cpus = 3
num-gpus = 2
resources = { mlx = 1.5 }
labels = { zone = "a" }
name = "by-file"
token = "token-of-the-file"
`,
  );
  const [one] = (await head.status()).nodes;
  assert.equal(one!.total["CPU"], 3);
  assert.equal(one!.total["GPU"], 2);
  assert.equal(one!.total["mlx"], 1.5);
  assert.equal(one!.labels["zone"], "a");
  assert.match(await head.tell("nodes"), /by-file/);
  Deno.writeTextFileSync(join(place.dir, "token"), "token-of-the-file\n");
  const node = place.node({ ip: "127.0.0.2" });
  await upByFile(
    node,
    `[up]
join = "${head.record.head_address}"
node-ip = "127.0.0.2"
num-cpus = 1
num-gpus = 0
token-file = "token"
dead-after = 9 # a head's: it does not matter here
`,
    0o644,
  );
  assert.equal((await node.status()).nodes.length, 2);
});

test("flags stand over variables, and those over the file; `ray start` reads it too", async () => {
  const path = join(place.dir, "all.toml");
  Deno.writeTextFileSync(
    path,
    '[up]\nnum-cpus = 1\nnum-gpus = 1\nname = "of-file"\nnode-ip = "127.0.0.1"\nlisten = "127.0.0.1"\n',
  );
  const head = place.node({ ip: "127.0.0.1" });
  const env = { BEAM_CONFIG: path, BEAM_NUM_GPUS: "2" };
  const ending = await head.cli(["ray", "start", "--head", "--port", "0", "--num-cpus", "3"], env);
  assert.equal(ending.code, 0, ending.stderr);
  const { nodes, head_address } = await head.status();
  assert.deepEqual([nodes[0]!.total["CPU"], nodes[0]!.total["GPU"]], [3, 2]);
  assert.match(head_address, /^127\.0\.0\.1:/);
  assert.match(await head.tell("nodes"), /of-file/);
  await head.tell("down");
});

test("a file that cannot be used is told with its line, and nothing is started", async () => {
  const path = join(place.dir, "wrong.toml");
  Deno.writeTextFileSync(path, "[up]\nhead = true\nnum-gpu = 1\n");
  const node = place.node({ ip: "127.0.0.1" });
  const up = await node.cli(["up", "--config", path]);
  assert.equal(up.code, 2);
  assert.match(up.stderr, /num-gpu in .*wrong\.toml:3: \[up\] has no such setting/);
  assert.match(up.stderr, /Did you mean num-gpus\?/);
  Deno.writeTextFileSync(path, "[up]\nhead = true\ntoken = 'secret'\n");
  Deno.chmodSync(path, 0o644);
  const open = await node.cli(["up", "--config", path]);
  assert.equal(open.code, 2);
  assert.match(open.stderr, /it is a secret, and others can read the file/);
  // Commands without settings do not need it.
  const down = await node.cli(["down"], { BEAM_CONFIG: path });
  assert.equal(down.code, 0, down.stderr);
});

test("what is shown for programs is as its schema says", async () => {
  const path = join(place.dir, "shown.toml");
  Deno.writeTextFileSync(
    path,
    '[up]\nnum-gpus = 2\ntoken = "hidden-word"\nnode-ip = "203.0.113.9"\n',
  );
  Deno.chmodSync(path, 0o600);
  const node = place.node({ ip: "127.0.0.1" });
  const docs = join(import.meta.dirname!, "..", "..", "docs", "json");
  for (const [name, args, code] of [["config", [], 0], ["validate", [path], 1]] as const) {
    const ending = await node.cli([name, ...args, "--json"], { BEAM_CONFIG: path });
    assert.equal(ending.code, code, ending.stderr);
    assert.ok(!ending.stdout.includes("hidden-word"), "no secret is shown");
    const ajv = new Ajv({ allowUnionTypes: true });
    const schema = JSON.parse(Deno.readTextFileSync(join(docs, `${name}.schema.json`)));
    assert.ok(ajv.validate(schema, JSON.parse(ending.stdout)), `${name}: ${ajv.errorsText()}`);
  }
});
