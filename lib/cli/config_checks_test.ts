import assert from "assert";
import { join } from "node:path";
import { machineFindings } from "./config_checks.ts";
import { tablesOf } from "./config_file.ts";
import { parse } from "./parse.ts";
import { UP_FLAGS } from "./up_flags.ts";
import { upPlan } from "./up_plan.ts";

const dir = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(dir, { recursive: true }));

const found = async (text: string, role = "head = true"): Promise<string[]> => {
  const path = join(dir, "config.toml");
  const file = { path, mode: 0o600, ...await tablesOf(path, `[up]\n${role}\n${text}`) };
  const parsed = parse({ program: "beam up", flags: UP_FLAGS }, [], {
    env: () => undefined,
    config: () => file,
  });
  const plan = upPlan(parsed);
  plan.config.runtime_dir = join(dir, "runtime");
  return (await machineFindings({ parsed, ...plan }))
    .map(({ severity, text, mend }) => `${severity}: ${text} | ${mend}`);
};

Deno.test("a configuration that fits this machine has no findings", async () => {
  assert.deepEqual(await found('node-ip = "127.0.0.1"\nport = 0\nlisten = "0.0.0.0"'), []);
  assert.deepEqual(await found("", 'join = "localhost"'), []);
});

Deno.test("addresses that are not this machine's, and names that do not resolve", async () => {
  const [address] = await found('port = 0\nnode-ip = "203.0.113.9"');
  assert.match(address!, /^error: node-ip in .*config.toml:4 is 203\.0\.113\.9: no interface/);
  const [name] = await found("", 'join = "beam-head.invalid"');
  assert.match(name!, /^error: join in .*:2 is beam-head\.invalid: the name does not resolve/);
});

Deno.test("a port that somebody has", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const [taken] = await found(`node-ip = "127.0.0.1"\nport = ${port}`);
  assert.match(taken!, new RegExp(`^error: port in .*:4 is ${port}: .*in use`));
  const [dashboard] = await found(`node-ip = "127.0.0.1"\nport = 0\ndashboard-port = ${port}`);
  assert.match(dashboard!, /^error: dashboard-port in .*:5 is/);
});

Deno.test("the token's file must hold a token, and should be nobody else's", async () => {
  const rest = 'node-ip = "127.0.0.1"\nport = 0\ntoken-file = "token"';
  assert.match((await found(rest))[0]!, /^error: Cannot read the cluster's token .*No such file/);
  Deno.writeTextFileSync(join(dir, "token"), "a-token-of-some-length\n", { mode: 0o600 });
  assert.deepEqual(await found(rest), []);
  Deno.chmodSync(join(dir, "token"), 0o644);
  assert.match((await found(rest))[0]!, /^warning: .*token .* others than its owner/);
  assert.match(
    (await found(`${rest}\ntoken = "abc"`))[0]!,
    /Cannot use both token in .*and token-file/,
  );
  Deno.removeSync(join(dir, "token"));
});

Deno.test("what starts a worker must be a program", async () => {
  const [none] = await found(
    'port = 0\nnode-ip = "127.0.0.1"\nworker-cmd = "/opt/none/python -m x"',
  );
  assert.match(none!, /^error: worker-cmd in .*:5 begins with \/opt\/none\/python/);
  assert.deepEqual(await found('port = 0\nnode-ip = "127.0.0.1"\nworker-cmd = "sh -c true"'), []);
});

Deno.test("settings that contradict each other are told with both lines", async () => {
  await assert.rejects(found('join = "a"'), /both head in .*:2 and join in .*:3/);
  await assert.rejects(found("open = true\ntls = true"), /both open in .*:3 and tls in .*:4/);
  await assert.rejects(found('open = true\ntoken-file = "x"'), /both open .* and token-file in/);
  await assert.rejects(found("suspect-after = 9\ndead-after = 5"), /suspect-after in .*:3=9/);
  await assert.rejects(found("resources = { GPU = 1 }"), /GPU is no custom resource/);
});
