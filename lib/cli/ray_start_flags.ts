/** Flags of `ray start`: those that mean something here, those that are met anyway, and the rest. */
import type { Flags } from "./parse.ts";

/** Flags with a meaning. */
export const MEANT = {
  head: { kind: "switch" },
  address: { kind: "text" },
  port: { kind: "text" },
  "node-ip-address": { kind: "text", env: "BEAM_NODE_IP" },
  "node-manager-port": { kind: "text", env: "BEAM_NODE_PORT" },
  "num-cpus": { kind: "text", env: "BEAM_NUM_CPUS" },
  "num-gpus": { kind: "text", env: "BEAM_NUM_GPUS" },
  resources: { kind: "text", env: "BEAM_RESOURCES" },
  block: { kind: "switch" },
  "object-store-memory": { kind: "text", env: "BEAM_OBJECT_STORE_MEMORY" },
  memory: { kind: "text", env: "BEAM_MEMORY" },
  "node-name": { kind: "text", env: "BEAM_NODE_NAME" },
  labels: { kind: "text", env: "BEAM_LABELS" },
  "labels-file": { kind: "text" },
  "include-dashboard": { kind: "text", env: "BEAM_INCLUDE_DASHBOARD" },
  "dashboard-host": { kind: "text", env: "BEAM_DASHBOARD_HOST" },
  "dashboard-port": { kind: "text", env: "BEAM_DASHBOARD_PORT" },
} as const satisfies Flags;

/** Flags whose wish is met as it is: nothing is reported anywhere, nothing is coloured. */
export const MET = {
  "disable-usage-stats": { kind: "switch" },
  verbose: { kind: "switch", short: "v" },
  "log-style": { kind: "text" },
  "log-color": { kind: "text" },
} as const satisfies Flags;

/** Flags without meaning here; they are accepted and named once. */
export const WITHOUT_MEANING = {
  "object-manager-port": { kind: "text" },
  "min-worker-port": { kind: "text" },
  "max-worker-port": { kind: "text" },
  "worker-port-list": { kind: "text" },
  "ray-client-server-port": { kind: "text" },
  "dashboard-agent-listen-port": { kind: "text" },
  "dashboard-agent-grpc-port": { kind: "text" },
  "runtime-env-agent-port": { kind: "text" },
  "metrics-export-port": { kind: "text" },
  "plasma-directory": { kind: "text" },
  "object-spilling-directory": { kind: "text" },
  "autoscaling-config": { kind: "text" },
  "no-redirect-output": { kind: "switch" },
  "temp-dir": { kind: "text" },
  "ray-debugger-external": { kind: "switch" },
  "include-log-monitor": { kind: "text" },
  "enable-resource-isolation": { kind: "switch" },
  "system-reserved-cpu": { kind: "text" },
  "system-reserved-memory": { kind: "text" },
  "cgroup-path": { kind: "text" },
  "proxy-server-url": { kind: "text" },
  "redis-username": { kind: "text" },
  "redis-password": { kind: "text" },
  "redis-shard-ports": { kind: "text" },
  "system-config": { kind: "text" },
  "enable-object-reconstruction": { kind: "switch" },
  "no-monitor": { kind: "switch" },
  "tracing-startup-hook": { kind: "text" },
} as const satisfies Flags;

export const RAY_START_FLAGS = { ...MEANT, ...MET, ...WITHOUT_MEANING } as const;

/** Names of given flags without meaning, each once. */
export function withoutMeaning(given: readonly string[]): string[] {
  return [...new Set(given.filter((name) => Object.hasOwn(WITHOUT_MEANING, name)))];
}
