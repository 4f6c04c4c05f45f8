import assert from "assert";
import { ConfigError, JOIN_TIMEOUT, parseDaemonConfig } from "./config.ts";

const LEAST = { runtime_dir: "/r", role: "join", head: { host: "h", port: 6379 } };
const parse = (fields: Record<string, unknown>) =>
  parseDaemonConfig(JSON.stringify({ ...LEAST, ...fields }));

Deno.test("what is left out has its usual value", () => {
  assert.deepEqual(parse({ token: "", num_gpus: null }), {
    ...LEAST,
    resources: {},
    labels: {},
    join_timeout_ms: JOIN_TIMEOUT,
    lifeline: false,
    standing: true,
    open: false,
  });
});

Deno.test("everything that is given is kept", () => {
  const all = {
    ...LEAST,
    role: "head",
    head: { host: "0.0.0.0", port: 0 },
    node_ip: "10.0.0.1",
    node_port: 6390,
    token: "t",
    num_cpus: 2.5,
    num_gpus: 0,
    resources: { mlx: 1.5 },
    labels: { a: "b" },
    memory: 1,
    object_store_memory: 2,
    node_name: "n",
    join_timeout_ms: 1,
    lifeline: true,
    standing: false,
    open: false,
    worker_cmd: "c",
    dashboard: { port: 8265 },
    log_level: "debug",
  };
  assert.deepEqual(parse(all), all);
});

Deno.test("what is wrong is named with its value, and the token never shown", () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ role: "x" }, /`role` must be "head" or "join", got "x"/],
    [{ head: { host: "h", port: 0 } }, /`head.port` must be a whole number 1 to 65535, got 0/],
    [{ head: { port: 1 } }, /`head.host` must be a text, got nothing/],
    [{ num_gpus: -1 }, /`num_gpus` must be a whole number of at least 0, got -1/],
    [{ resources: { mlx: "1" } }, /`resources.mlx` must be a number/],
    [{ resources: { GPU: 1 } }, /must not hold GPU/],
    [{ labels: { a: 1 } }, /label `a` must be a text, got 1/],
    [{ lifeline: 1 }, /`lifeline` must be true or false/],
    [{ open: true, token: "secret" }, /`open` says that the cluster has no token/],
    [{ token: 12345 }, /`token` must be a text$/],
  ];
  for (const [fields, message] of wrong) {
    assert.throws(() => parse(fields), (error: Error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => parseDaemonConfig("{"), /one line of JSON/);
  assert.throws(() => parseDaemonConfig("[]"), /the line must be a map, got \[\]/);
});
