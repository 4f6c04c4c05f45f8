/** Runtime environments on two nodes: brought, built once, given up, told where they fail. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";
import { soon, until } from "./harness/until.ts";

let head: Node;
let second: Node;
const { place, test } = theme("runtime_env", async (place) => {
  head = await place.head();
  second = await place.join(head);
});

/** A folder of its own for a program. */
function folder(name: string): string {
  const dir = join(place.dir, name);
  Deno.mkdirSync(dir);
  return dir;
}

/** What a node keeps of environments, below its runtime directory. */
function kept(node: Node, what: "built" | "packages"): string[] {
  const environments = join(node.dir, "environments");
  return [...Deno.readDirSync(environments)].flatMap(({ name }) =>
    [...Deno.readDirSync(join(environments, name, what))].map((each) => each.name)
  );
}

/** The logs of all setups of a node. */
function setupLogs(node: Node): string {
  const logs = join(node.dir, "logs", node.record.node_id.slice(0, 12));
  return [...Deno.readDirSync(logs)].filter(({ name }) => name.startsWith("runtime_env_setup-"))
    .map(({ name }) => Deno.readTextFileSync(join(logs, name))).join("");
}

const installs = (node: Node) => setupLogs(node).match(/^\+ .* install -r /gm)?.length ?? 0;

test("a working directory is brought to each node, an environment is built there once", async () => {
  const args = ["shared", folder("shared"), head.ip, second.ip];
  const driver = head.driver("environments.py", args, { input: true });
  const { seen } = await driver.said();
  assert.equal(seen.length, 6);
  for (const node of [head, second]) {
    // deno-lint-ignore no-explicit-any
    const there = seen.filter(({ ip }: any) => ip === node.ip);
    assert.equal(there.length, 3);
    for (const { cwd, files, version, prefix } of there) {
      assert.ok(cwd.startsWith(join(node.dir, "environments")), cwd);
      assert.deepEqual(files, ["data.txt"]);
      assert.equal(version, "1.0");
      assert.ok(prefix.startsWith(join(node.dir, "environments")), prefix);
    }
    assert.equal(installs(node), 1);
    assert.equal(kept(node, "packages").length, 1);
    assert.deepEqual(kept(node, "built").map((name) => name.slice(0, 4)).sort(), ["_ray", "pip-"]);
  }
  await driver.endInput();
  await driver.ok();
});

test("what cannot be installed is told with its log, tried anew, and leaves nothing", async () => {
  const before = kept(second, "built");
  const driver = head.driver("environments.py", ["failing", folder("failing"), second.ip]);
  const { errors, after } = await driver.said();
  await driver.ok();
  assert.equal(errors.length, 2);
  for (const { type, text } of errors) {
    assert.equal(type, "RuntimeEnvSetupError");
    assert.match(text, /No matching distribution found for nowhere/);
    assert.match(text, new RegExp(second.ip));
  }
  assert.equal(after.ip, second.ip);
  assert.equal(setupLogs(second).match(/No matching distribution found for nowhere/g)?.length, 2);
  assert.deepEqual(kept(second, "built"), before);
});

test("a setup ends with its patience, and with the driver that asked for it", async () => {
  const before = kept(second, "built");
  const [first, second_index] = [0, 1].map(() =>
    Deno.listen({ hostname: "127.0.0.1", port: 0 })
  ) as [Deno.TcpListener, Deno.TcpListener];
  const address = ({ addr }: Deno.TcpListener) => `http://127.0.0.1:${addr.port}/simple`;
  const driver = head.driver("environments.py", ["endless", folder("endless"), second.ip], {
    env: { FIRST_INDEX: address(first), SECOND_INDEX: address(second_index) },
  });
  const { error } = await driver.said();
  assert.match(error.text, /within the timeout of 1 seconds/);
  const installer = await soon("the installer asks its index", second_index.accept());
  driver.kill();
  await ended(installer);
  await until("nothing of it is left", () => kept(second, "built").length === before.length);
  first.close();
  second_index.close();
});

/** The installer at the other end is gone. */
async function ended(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    while (await connection.read(buffer) !== null);
  } catch { /* it was killed with an answer outstanding */ }
  connection.close();
}

test("a worker runs under its profiler, and is killed with it", async () => {
  const dir = folder("profiled");
  Deno.writeTextFileSync(
    join(dir, "nsys"),
    `#!/bin/sh
echo "$*" > "$NSYS_SAID"
shift # profile
while :; do case $1 in --*) shift ;; -*) shift 2 ;; *) break ;; esac; done
"$@"
`,
    { mode: 0o755 },
  );
  const driver = head.driver("environments.py", ["profiled", dir, head.ip], { input: true });
  const { said } = await driver.said();
  assert.match(said, /^profile -t cuda -o \S+\/nsight\/report \S+python\S* -m ray\._worker\n$/);
  await until("the actor has ended", async () => {
    const { actors } = await head.status();
    return actors.every((actor) => actor.state === "DEAD" || actor.class_name !== "Inside");
  });
  await driver.endInput();
  await driver.ok();
});

test("a node that ends removes what it kept of environments", async () => {
  await second.down();
  assert.deepEqual([...Deno.readDirSync(join(second.dir, "environments"))], []);
});
