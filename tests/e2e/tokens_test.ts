/** Join tokens, and a cluster's token that is changed while it works. */
import assert from "assert";
import { join } from "node:path";
import { freePort } from "./harness/ports.ts";
import type { Node } from "./harness/node.ts";
import { signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

const { place, test } = theme("tokens");

interface Made {
  id: string;
  token: string;
  join: string;
}

async function made(head: Node, ...flags: string[]): Promise<Made> {
  return JSON.parse(await head.tell("token", "create", "--json", ...flags));
}

/** What a `beam up --join` with this token says on standard error; it must fail. */
async function refused(head: Node, token: string, ip: string): Promise<string> {
  const node = place.node({ ip });
  const args = ["up", "--join", head.record.head_address, ...node.flags];
  const { code, stderr } = await node.cli(args, { BEAM_TOKEN: token });
  assert.equal(code, 1, stderr);
  assert.ok(!stderr.includes(token), "the token is in its words");
  return stderr;
}

const addressesOf = async (node: Node) =>
  (await node.status()).nodes.filter(({ state }) => state === "alive").map(({ ip }) => ip)
    .toSorted();

test("a machine joins by a join token; when it is revoked or over, nobody does", async () => {
  const head = await place.head();
  // The only node here is the one that is meant, wherever its directory is.
  assert.equal((await place.cli(["token"])).stdout.trim(), head.record.token);
  const one = await made(head, "--ttl", "1h", "--name", "rack");
  const short = await made(head, "--ttl", "1s");
  assert.equal(one.join, `BEAM_TOKEN=${one.token} beam up --join ${head.record.head_address}`);
  const joiner = await place.node({ ip: "127.0.0.2" })
    .up(["--join", head.record.head_address], { BEAM_TOKEN: one.token });
  assert.deepEqual(await addressesOf(head), ["127.0.0.1", "127.0.0.2"]);

  const listed = await head.tell("token", "list");
  assert.match(listed, new RegExp(`${one.id} +rack .* good +1\\n`));
  assert.ok(![one, short].some(({ token }) => listed.includes(token.split("-").at(-1)!)));

  const mayNotManage = async () => {
    for (const verb of [["list"], ["create"], ["revoke", "rack"], ["rotate"]]) {
      const { code, stderr } = await joiner.cli(["token", ...verb]);
      assert.equal(code, 1);
      assert.match(stderr, /Cannot manage tokens from this machine: it joined by a join token/);
    }
  };
  await mayNotManage();
  // Whoever takes the daemon's place has come in by the same token.
  const { daemon } = JSON.parse(await joiner.tell("up", "--replace", "--json"));
  joiner.record = { ...joiner.record, pid: daemon.pid };
  await mayNotManage();

  // The head's process ends: which tokens are good is in its journal, and the node has the token.
  const before = head.headPid;
  signal(before, "SIGKILL");
  await until("the head is back", async () => {
    const { code } = await joiner.cli(["status", "--json"]);
    return code === 0 && (await addressesOf(head).catch(() => [])).length === 2;
  });
  assert.match(await refused(head, short.token, "127.0.0.3"), /expired on .*\n.*beam token create/);
  await head.tell("token", "revoke", "rack");
  assert.match(await refused(head, one.token, "127.0.0.3"), /\(rack\) was revoked on/);
  await joiner.down();
  await head.down();
});

test("a changed token reaches the nodes, calls go on, and the former one is refused in words", async () => {
  const head = await place.head({ cpus: 1 });
  const joiner = await place.join(head, { ip: "127.0.0.2", cpus: 1 });
  const away = await place.join(head, { ip: "127.0.0.3", cpus: 1 });
  const program = head.driver("token_change.py", [], { input: true });
  assert.deepEqual(await program.said(), { nodes: ["127.0.0.1", "127.0.0.2", "127.0.0.3"] });

  const told = JSON.parse(await head.tell("token", "rotate", "--grace", "0s", "--json"));
  assert.equal(told.told.length, 3);
  assert.deepEqual(told.missing, []);
  const token = (await head.tell("token")).trim();
  assert.notEqual(token, head.record.token);
  assert.equal(Deno.statSync(join(head.dir, "token")).mode! & 0o777, 0o600);

  assert.match(
    await refused(head, head.record.token!, "127.0.0.4"),
    /this cluster's token was changed on .*, and it has a former one\.\n.*beam token/,
  );
  // The head's process comes back with the new one, though it was started with the former.
  signal(head.headPid, "SIGKILL");
  await until(
    "all nodes are back",
    async () => (await addressesOf(joiner).catch(() => [])).length === 3,
  );
  await program.tell("again\n"); // actors that it has not called yet: its daemons dial with the new token
  assert.deepEqual(await program.said(), { nodes: ["127.0.0.1", "127.0.0.2", "127.0.0.3"] });
  const fresh = await place.node({ ip: "127.0.0.5" })
    .up(["--join", head.record.head_address], { BEAM_TOKEN: token });
  await program.stop();
  for (const node of [fresh, away, joiner, head]) await node.down();
});

test("with TLS a join token says whom to believe, and a change of the token leaves that as it is", async () => {
  const head = await place.node({ flags: ["--tls"] }).up(["--head", "--port", "0"]);
  const { token, join: line } = await made(head);
  const [, authority] = token.split("~");
  assert.ok(line.includes(token) && authority?.length === 43);
  const joiner = await place.node({ ip: "127.0.0.2" })
    .up(["--join", head.record.head_address], { BEAM_TOKEN: token });
  const told = JSON.parse(await head.tell("token", "rotate", "--grace", "0s", "--json"));
  assert.equal(told.told.length, 2);
  const shown = (await head.tell("token")).trim();
  assert.equal(shown.split("~")[1], authority);
  assert.match(
    await refused(head, token, "127.0.0.3"),
    /was made before the cluster's token was changed/,
  );
  const fresh = await place.node({ ip: "127.0.0.3" })
    .up(["--join", head.record.head_address], { BEAM_TOKEN: shown });
  assert.deepEqual(await addressesOf(joiner), ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
  for (const node of [fresh, joiner, head]) await node.down();
});

test("ray's variables give a token, ask for one, or say that there is none", async () => {
  const port = freePort();
  const head = place.node({ ip: "127.0.0.1" });
  const flags = ["--num-cpus", "1", "--num-gpus", "0", "--include-dashboard=false"];
  const start = (node: Node, args: string[], env: Record<string, string>) =>
    node.cli(["ray", "start", ...args, ...flags, "--node-ip-address", node.ip], env);
  const made = await start(head, ["--head", "--port", `${port}`], { RAY_AUTH_MODE: "token" });
  assert.equal(made.code, 0, made.stderr);
  const token = (await head.tell("token")).trim();
  assert.ok(made.stdout.includes(`BEAM_TOKEN=${token} ray start --address=`));
  assert.doesNotMatch(made.stderr, /open/);

  const joiner = place.node({ ip: "127.0.0.2" });
  const address = ["--address", `127.0.0.1:${port}`];
  const none = await start(joiner, address, { RAY_AUTH_MODE: "token" });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /RAY_AUTH_MODE=token asks for a token, and there is none/);
  const wrong = await start(joiner, address, { RAY_AUTH_MODE: "yes" });
  assert.match(wrong.stderr, /Cannot use RAY_AUTH_MODE=yes: it must be token or disabled/);
  const off = await start(joiner, address, { RAY_AUTH_MODE: "disabled", RAY_AUTH_TOKEN: token });
  assert.match(off.stderr, /this cluster has a token, and .* has none/);

  const home = join(place.dir, "rays-home");
  Deno.mkdirSync(join(home, ".ray"), { recursive: true });
  Deno.writeTextFileSync(join(home, ".ray", "auth_token"), token + "\n");
  for (
    const env of [
      { RAY_AUTH_TOKEN: token },
      { RAY_AUTH_TOKEN_PATH: join(home, ".ray", "auth_token") },
      { RAY_AUTH_MODE: "token", HOME: home },
    ]
  ) {
    const joined = await start(joiner, address, env as unknown as Record<string, string>);
    assert.equal(joined.code, 0, joined.stderr);
    assert.equal((await joiner.cli(["down", "--force"])).code, 0);
  }
  assert.equal((await head.cli(["down", "--force"])).code, 0);
});

test("an open cluster says which line closes it", async () => {
  const head = place.node();
  const port = freePort();
  const flags = ["--num-cpus", "1", "--num-gpus", "0", "--include-dashboard=false"];
  const args = ["ray", "start", "--head", "--port", `${port}`, "--node-ip-address", "127.0.0.1"];
  const { code, stderr } = await head.cli([...args, ...flags]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /this cluster is open: whoever reaches \S+ can run programs in it/);
  assert.match(stderr, /`RAY_AUTH_MODE=token ray start --head …`/);
  const created = await head.cli(["token", "create"]);
  assert.match(created.stderr, /this cluster is open, whoever reaches it may join/);
  assert.equal((await head.cli(["down", "--force"])).code, 0);
});
