/** A cluster whose machines speak TLS with each other, and those that do not fit it. */
import assert from "assert";
import tls from "node:tls";
import type { Node } from "./harness/node.ts";
import { ownCertificates } from "./harness/own_certificates.ts";
import { signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";

/** No connection can be made to a multicast address: what a closed firewall is for others. */
const UNREACHABLE = "224.0.0.9";

let head: Node;
let second: Node;
let hidden: Node;
let plain: Node;
const { place, test } = theme("tls", async (place) => {
  const flags = ["--tls", "--dashboard-port", "0"];
  // Certificates end while the tests run: whoever does not renew them is refused.
  head = await place.head({ flags, env: { BEAM_TLS_LIFETIME: "8" } });
  second = await place.join(head, { ip: "127.0.0.2" });
  hidden = await place.join(head, { ip: UNREACHABLE });
  plain = await place.head({ ip: "127.0.0.9" });
});

function portOf(address: string): number {
  return Number(address.split(":").at(-1));
}

/** The digest of what a port shows. */
async function certificateAt(host: string, port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = tls.connect({ host, port, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().fingerprint256);
    socket.destroy();
  });
  socket.on("error", reject);
  return await promise;
}

async function nodePort(node: Node): Promise<number> {
  const { nodes } = await head.status();
  const { extra } = nodes.find(({ node_id }) => node_id === node.record.node_id)!;
  return (extra as { port: number }).port;
}

test("calls go to other nodes, straight and by the head", async () => {
  for (const [from, to] of [[head, second], [second, head]] as const) {
    const driver = from.driver("paths.py", [to.ip]);
    assert.equal((await driver.said()).right, true);
    assert.doesNotMatch((await driver.ok()).stderr, /relay/);
  }
  const relayed = second.driver("paths.py", [UNREACHABLE]);
  assert.equal((await relayed.said()).right, true);
  assert.match((await relayed.ok()).stderr, /relayed by the head/);
});

test("large values go to other nodes, by the head too", async () => {
  const driver = head.driver("objects_relayed.py", [hidden.ip], { input: true });
  assert.deepEqual(await driver.said(), { same: true });
  await driver.tell("\n");
  await driver.said();
  await driver.tell("\n");
  await driver.ok();
});

test("it is shown, checked and given jobs as any other", async () => {
  const { token, head_address, dashboard } = head.record;
  const elsewhere = { XDG_RUNTIME_DIR: `${place.dir}/home`, BEAM_TOKEN: token };
  const status = await place.cli(["status", "--address", head_address], elsewhere);
  assert.match(status.stdout, /3 nodes/, status.stderr);
  const check = ["ray", "health-check", "--address", head_address];
  assert.equal((await place.cli(check, elsewhere)).code, 0);
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await fetch(`http://${dashboard}/api/jobs/`, { headers })).status, 200);
  const submitted = await place.cli(
    ["ray", "job", "submit", `--address=http://${dashboard}`, "--", "echo", "hello"],
    elsewhere,
  );
  assert.equal(submitted.code, 0, submitted.stderr);
  assert.match(submitted.stdout, /^hello$/m);
});

test("a join token brings the authority along", async () => {
  const made = await head.cli(["token", "create", "--json"]);
  const { token } = JSON.parse(made.stdout);
  assert.match(token, /^beam-join-.*~[\w-]{43}$/);
  const node = await place.node({ ip: "127.0.0.5" }).up(["--join", head.record.head_address], {
    BEAM_TOKEN: token,
  });
  const driver = node.driver("paths.py", ["127.0.0.2"]);
  assert.equal((await driver.said()).right, true);
  await driver.ok();
  await node.down();
});

test("whoever does not fit is told how to", async () => {
  const joining = async (head: Node, token: string) =>
    await place.node({ ip: "127.0.0.7" })
      .up(["--join", head.record.head_address, "--join-timeout", "5"], { BEAM_TOKEN: token })
      .then(() => "", (error: Error) => error.message);
  const [secret, authority] = head.record.token!.split("~") as [string, string];
  assert.match(await joining(head, secret), /it speaks TLS, and this side knows no authority/);
  const other = authority.split("").reverse().join("");
  assert.match(
    await joining(head, `${secret}~${other}`),
    /not of the authority that this side believes|Cannot join/,
  );
  const mixed = await joining(plain, `${plain.record.token}~${authority}`);
  assert.match(mixed, /does not speak TLS, and by this side's token its cluster does/);
  assert.match(mixed, /beam up --head --tls/);
  const log = (node: Node) => Deno.readTextFileSync(`${node.dir}/logs/head.log`);
  assert.match(log(head), /it does not speak TLS, and this cluster does/);
  assert.match(log(plain), /it speaks TLS, and this cluster does not/);
});

test("certificates renew themselves, and what was open stays open", async () => {
  const driver = second.driver("tls_held.py", ["127.0.0.1"], { input: true });
  assert.deepEqual(await driver.said(), { right: true });
  const ports = [
    ["127.0.0.1", portOf(head.record.head_address)],
    ["127.0.0.1", await nodePort(head)],
    ["127.0.0.2", await nodePort(second)],
  ] as const;
  const before = await Promise.all(ports.map(([ip, port]) => certificateAt(ip, port)));
  await until("all certificates are new", async () => {
    const now = await Promise.all(ports.map(([ip, port]) => certificateAt(ip, port))).catch(() =>
      before
    );
    return now.every((one, at) => one !== before[at]);
  }, { patience: 30_000 });
  await driver.tell("\n");
  assert.deepEqual(await driver.said(), { right: true });
  await driver.ok();
  const fresh = head.driver("paths.py", ["127.0.0.2"]);
  assert.equal((await fresh.said()).right, true);
  assert.doesNotMatch((await fresh.ok()).stderr, /relay/);
});

test("a head, and a daemon, that take another's place go on with the same authority", async () => {
  const { authority } = head.record;
  const before = await head.status();
  const whole = async () => {
    const { nodes, epoch } = await head.status();
    return epoch > before.epoch && nodes.filter(({ state }) => state === "alive").length === 3;
  };
  signal(head.headPid, "SIGKILL");
  await until("the head is back, and all nodes with it", whole);
  const replaced = await second.cli(["up", "--replace", "--json"]);
  assert.equal(replaced.code, 0, replaced.stderr);
  second.record.pid = JSON.parse(replaced.stdout).daemon.pid;
  await until("all nodes are back", whole);
  const driver = head.driver("paths.py", ["127.0.0.2"]);
  assert.equal((await driver.said()).right, true);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
  assert.match((await head.cli(["token"])).stdout, new RegExp(`~${authority}$`, "m"));
});

test("certificates of one's own are taken by Ray's variables", async () => {
  const env = await ownCertificates(place.dir, { ips: ["127.0.0.20", "127.0.0.21"] });
  const own = await place.head({ ip: "127.0.0.20", env: { ...env, BEAM_TOKEN: "mine" } });
  const two = await place.join(own, { ip: "127.0.0.21", env });
  const driver = own.driver("paths.py", [two.ip]);
  assert.equal((await driver.said()).right, true);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
  const without = await place.node({ ip: "127.0.0.22" })
    .up(["--join", own.record.head_address, "--join-timeout", "5"], { BEAM_TOKEN: "mine" })
    .then(() => "", (error: Error) => error.message);
  assert.match(without, /it speaks TLS/);
  await two.down();
  await own.down();
});
