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
  "labels-file": { kind: "text", value: "file" },
  "include-dashboard": { kind: "text", env: "BEAM_INCLUDE_DASHBOARD", value: "truth" },
  "dashboard-host": { kind: "text", env: "BEAM_DASHBOARD_HOST" },
  "dashboard-port": { kind: "text", env: "BEAM_DASHBOARD_PORT" },
  "dashboard-agent-listen-port": { kind: "text", env: "BEAM_HEALTH_PORT" },
} as const satisfies Flags;

/** Flags whose wish is met as it is: nothing is reported anywhere, nothing is coloured. */
export const MET = {
  "disable-usage-stats": { kind: "switch", hidden: true },
  verbose: { kind: "switch", short: "v", hidden: true },
  "log-style": { kind: "text", hidden: true },
  "log-color": { kind: "text", hidden: true },
} as const satisfies Flags;

/** Flags without meaning here; they are accepted and named once. */
export const WITHOUT_MEANING = {
  "object-manager-port": { kind: "text", hidden: true },
  "min-worker-port": { kind: "text", hidden: true },
  "max-worker-port": { kind: "text", hidden: true },
  "worker-port-list": { kind: "text", hidden: true },
  "ray-client-server-port": { kind: "text", hidden: true },
  "dashboard-agent-grpc-port": { kind: "text", hidden: true },
  "runtime-env-agent-port": { kind: "text", hidden: true },
  "metrics-export-port": { kind: "text", hidden: true },
  "plasma-directory": { kind: "text", hidden: true },
  "object-spilling-directory": { kind: "text", hidden: true },
  "autoscaling-config": { kind: "text", hidden: true },
  "no-redirect-output": { kind: "switch", hidden: true },
  "temp-dir": { kind: "text", hidden: true },
  "ray-debugger-external": { kind: "switch", hidden: true },
  "include-log-monitor": { kind: "text", hidden: true },
  "enable-resource-isolation": { kind: "switch", hidden: true },
  "system-reserved-cpu": { kind: "text", hidden: true },
  "system-reserved-memory": { kind: "text", hidden: true },
  "cgroup-path": { kind: "text", hidden: true },
  "proxy-server-url": { kind: "text", hidden: true },
  "redis-username": { kind: "text", hidden: true },
  "redis-password": { kind: "text", hidden: true },
  "redis-shard-ports": { kind: "text", hidden: true },
  "system-config": { kind: "text", hidden: true },
  "enable-object-reconstruction": { kind: "switch", hidden: true },
  "no-monitor": { kind: "switch", hidden: true },
  "tracing-startup-hook": { kind: "text", hidden: true },
} as const satisfies Flags;

export const RAY_START_FLAGS = { ...MEANT, ...MET, ...WITHOUT_MEANING } as const;

/** Names of given flags without meaning, each once. */
export function withoutMeaning(given: readonly string[]): string[] {
  return [...new Set(given.filter((name) => Object.hasOwn(WITHOUT_MEANING, name)))];
}
