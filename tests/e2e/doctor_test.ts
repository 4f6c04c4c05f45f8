/** `beam doctor`: through a node's daemon, from a shell, before there is a node, and of a join. */
import { Ajv } from "ajv";
import assert from "assert";
import { join as path } from "node:path";
import type { Finding } from "../../lib/doctor/check.ts";
import type { Facts } from "../../lib/doctor/facts.ts";
import { primaryAddress, readNetwork } from "../../lib/probe/network.ts";
import type { Node } from "./harness/node.ts";
import type { Changes } from "./harness/place.ts";
import { theme } from "./harness/scenario.ts";

const OWN = primaryAddress(readNetwork());

const { place, test } = theme("doctor");

const SCHEMA = JSON.parse(
  Deno.readTextFileSync(path(import.meta.dirname!, "../../docs/json/doctor.schema.json")),
);

interface Told {
  code: number;
  findings: Finding[];
  facts: Facts;
}

async function doctor(node: Node, env: Changes = {}, ...args: string[]): Promise<Told> {
  const { code, stdout, stderr } = await node.cli(["doctor", "--json", ...args], env);
  assert.ok(stdout.startsWith("{"), stderr);
  const told: Omit<Told, "code"> = JSON.parse(stdout);
  const ajv = new Ajv({ allowUnionTypes: true });
  assert.ok(ajv.validate(SCHEMA, told), ajv.errorsText());
  return { code, ...told };
}

const of = ({ findings }: Told, code: string) => findings.filter((one) => one.code === code);

test("the daemon's environment is looked at, and the shell's is told apart", async () => {
  const head = await place.node({ ip: OWN }).up(["--head", "--port", "0"], {
    GLOO_SOCKET_IFNAME: "nosuch0",
  });
  const told = await doctor(head, { http_proxy: "http://proxy.invalid:3128" });
  assert.equal(told.code, 1);
  const [variable] = of(told, "BD004");
  assert.match(variable!.seen, /^GLOO_SOCKET_IFNAME=nosuch0: there is no interface nosuch0/);
  assert.equal(variable!.node_id, head.record.node_id);
  assert.match(of(told, "BD023")[0]!.seen, /^In this shell: http_proxy=/);
  assert.deepEqual(of(told, "BD001"), [], "everything could be read");
  assert.equal(told.facts.node?.pid, head.record.pid);
  assert.equal(told.facts.python?.ray_is_beam, true, "as workers would import it");
  assert.ok(!JSON.stringify(told).includes(head.record.token!), "the token is in nothing");

  const old = path(head.dir, "shim", "0123456789abcdef");
  Deno.mkdirSync(path(old, "ray", "_worker"), { recursive: true });
  Deno.writeTextFileSync(path(old, "ray", "__init__.py"), "");
  Deno.writeTextFileSync(path(old, "ray", "_worker", "start.py"), "");
  const another = await doctor(head, { PYTHONPATH: old });
  assert.match(
    of(another, "BD022")[0]!.seen,
    /^In this shell: `import ray` finds .*0123456789abcdef/,
  );

  Deno.chmodSync(`${head.dir}/token`, 0o644);
  const text = await head.cli(["doctor"]);
  assert.match(text.stdout, /warning {2}BD025 {2}token[^]*chmod 600/);
  assert.match(text.stdout, /node [\d.:a-f]+ of the cluster at/);
  await head.down();
});

test("before there is a node it looks at this machine", async () => {
  const node = place.node();
  const told = await doctor(node, { BEAM_NODE_IP: "203.0.113.9" });
  assert.equal(told.facts.node, null);
  assert.match(of(told, "BD002")[0]!.seen, /BEAM_NODE_IP=203\.0\.113\.9, which no interface/);
  assert.equal(told.code, 1);
  const errors = await node.cli(["doctor", "--severity", "error"]);
  assert.match(errors.stdout, /where no node runs/);
});

test("a configuration that cannot be used is a finding, and a wrong flag an error", async () => {
  const node = place.node();
  const config = path(node.dir, "config.toml");
  Deno.mkdirSync(node.dir, { recursive: true });
  Deno.writeTextFileSync(config, "[up]\nheaad = true\n");
  for (const args of [[], ["--join", "127.0.0.1:1"]]) {
    const told = await doctor(node, { BEAM_CONFIG: config }, ...args);
    assert.equal(told.code, 1);
    const [found] = of(told, "BD047");
    assert.match(found!.seen, /heaad in .*config\.toml:2: \[up\] has no such setting\.$/);
    assert.match(found!.mend, /^Did you mean head\?/);
  }
  const wrong = await node.cli(["doctor", "--jsn"], { BEAM_CONFIG: config });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Cannot use --jsn/);
  Deno.writeTextFileSync(config, "[up]\nhead = true\n");
  assert.deepEqual(of(await doctor(node, { BEAM_CONFIG: config }), "BD047"), []);
});

test("a join is tried step by step, with the token that a join would take", async () => {
  const head = await place.node({ ip: OWN }).up(["--head", "--port", "0"]);
  const joiner = place.node();
  const join = (token: string) =>
    joiner.cli(["doctor", "--join", head.record.head_address, "--severity", "error"], {
      BEAM_TOKEN: token,
    });
  const good = await join(head.record.token!);
  assert.match(good.stdout, /ok {6}token {7}it is taken\nA join of .* works/);
  const bad = await join("another-token");
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /failed {2}token[^]*error {2}BD043 {2}join-token/);
  await head.down();
  const none = await join(head.record.token!);
  assert.equal((await doctor(joiner, {}, "--join", head.record.head_address)).code, 1);
  assert.match(none.stdout, /failed {2}connection[^]*error {2}BD041 {2}join-port/);
});
