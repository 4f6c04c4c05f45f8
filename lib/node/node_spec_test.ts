import assert from "assert";
import { nodeFault } from "../cluster/node.ts";
import { parseDaemonConfig } from "./config.ts";
import { nodeSpec, probeMachine } from "./node_spec.ts";

const config = (fields: Record<string, unknown>) =>
  parseDaemonConfig(
    JSON.stringify({ runtime_dir: "/r", role: "head", head: { host: "h", port: 1 }, ...fields }),
  );

Deno.test("this machine, with what was set by hand, is a node the brain takes", () => {
  const set = config({
    num_cpus: 3,
    num_gpus: 2,
    memory: 1000,
    object_store_memory: 500,
    resources: { mlx: 0.5 },
    labels: { zone: "a" },
    node_name: "named",
  });
  const spec = nodeSpec({
    config: set,
    machine: probeMachine(set, {}),
    node_id: "a".repeat(56),
    node_ip: "10.0.0.1",
    aliases: ["10.0.0.1", "10.0.0.2"],
    extra: { port: 6380 },
  });
  assert.equal(nodeFault(spec), undefined);
  const { CPU, GPU, memory, object_store_memory, mlx } = spec.total;
  assert.deepEqual([CPU, GPU, memory, object_store_memory, mlx], [
    30000,
    20000,
    10_000_000,
    5_000_000,
    5000,
  ]);
  assert.equal(spec.total["node:10.0.0.1"], 10000);
  assert.equal(spec.total["node:__internal_head__"], 10000);
  assert.deepEqual(spec.aliases, ["10.0.0.2"]);
  assert.equal(spec.hostname, Deno.hostname());
  assert.deepEqual(spec.extra, { port: 6380, node_name: "named" });
  assert.equal(spec.labels["zone"], "a");
  assert.equal(spec.gpu_ids.length, 2);
});
