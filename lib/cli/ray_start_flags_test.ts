import assert from "assert";
import { MEANT, MET, RAY_START_FLAGS, WITHOUT_MEANING, withoutMeaning } from "./ray_start_flags.ts";

/** Every flag of `ray start`, the hidden ones included. */
const RAYS = `--head --address --port --node-ip-address --num-cpus --num-gpus --resources --block
  --object-store-memory --object-manager-port --node-manager-port --min-worker-port
  --max-worker-port --worker-port-list --ray-client-server-port --include-dashboard
  --dashboard-host --dashboard-port --dashboard-agent-listen-port --dashboard-agent-grpc-port
  --runtime-env-agent-port --metrics-export-port --plasma-directory --object-spilling-directory
  --autoscaling-config --no-redirect-output --temp-dir --ray-debugger-external
  --disable-usage-stats --include-log-monitor --enable-resource-isolation --system-reserved-cpu
  --system-reserved-memory --cgroup-path --proxy-server-url --log-style --log-color --verbose
  --node-name --redis-username --redis-password --redis-shard-ports --memory --system-config
  --enable-object-reconstruction --no-monitor --tracing-startup-hook --labels --labels-file`;

Deno.test("every flag of Ray's is known, and in one list only", () => {
  const names = RAYS.split(/\s+/).map((flag) => flag.slice(2)).sort();
  assert.deepEqual(Object.keys(RAY_START_FLAGS).sort(), names);
  const lists = [MEANT, MET, WITHOUT_MEANING].flatMap((flags) => Object.keys(flags));
  assert.equal(lists.length, names.length);
});

Deno.test("flags without meaning are named once", () => {
  assert.deepEqual(withoutMeaning(["head", "temp-dir", "verbose", "temp-dir"]), ["temp-dir"]);
});
