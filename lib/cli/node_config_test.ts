import assert from "assert";
import { parseDaemonConfig } from "../node/config.ts";
import { UsageError } from "./command.ts";
import { nodeConfig, type NodeFlags, type NodePlan } from "./node_config.ts";

const PLAN: NodePlan = {
  runtimeDir: "/r",
  role: "head",
  head: { host: "0.0.0.0", port: 6379 },
  open: false,
  lifeline: true,
  standing: true,
  env: () => undefined,
};
const called = (text: string) => ({ called: "--flag", text });

Deno.test("flags become a configuration that the daemon reads back unchanged", () => {
  const flags: NodeFlags = {
    nodeIp: "10.0.0.1",
    nodePort: called("6390"),
    numCpus: called("8"),
    numGpus: called("2"),
    resources: called('{"mlx": 1}'),
    labels: called("zone=a"),
    memory: called("8GiB"),
    objectStoreMemory: called("1G"),
    joinTimeout: called("30"),
    name: "first",
    workerCommand: "python -m ray._worker",
  };
  const config = nodeConfig(flags, { ...PLAN, token: "t" });
  assert.deepEqual(config, {
    runtime_dir: "/r",
    role: "head",
    head: { host: "0.0.0.0", port: 6379 },
    resources: { mlx: 1 },
    labels: { zone: "a" },
    join_timeout_ms: 30_000,
    lifeline: true,
    standing: true,
    open: false,
    token: "t",
    node_ip: "10.0.0.1",
    node_name: "first",
    node_port: 6390,
    num_cpus: 8,
    num_gpus: 2,
    memory: 8 * 2 ** 30,
    object_store_memory: 1e9,
    worker_cmd: "python -m ray._worker",
  });
  assert.deepEqual(parseDaemonConfig(JSON.stringify(config)), config);
});

Deno.test("what nobody said is left to the daemon", () => {
  const config = nodeConfig({}, { ...PLAN, env: () => undefined });
  assert.deepEqual(Object.keys(config).sort(), [
    "head",
    "join_timeout_ms",
    "labels",
    "lifeline",
    "open",
    "resources",
    "role",
    "runtime_dir",
    "standing",
  ]);
  assert.equal(config.join_timeout_ms, 300_000);
});

Deno.test("resources that have flags of their own are refused", () => {
  for (const name of ["CPU", "GPU", "memory", "object_store_memory"]) {
    assert.throws(
      () => nodeConfig({ resources: called(JSON.stringify({ [name]: 1 })) }, PLAN),
      (error: unknown) => error instanceof UsageError && error.message.includes(name),
    );
  }
});
