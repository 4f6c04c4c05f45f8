/** From flags to the daemon's configuration, the same for `beam up` and `ray start`. */
import { type DaemonConfig, JOIN_TIMEOUT } from "../node/config.ts";
import type { DashboardPlan } from "./dashboard_plan.ts";
import { groupNumber } from "../runtime/group_access.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import type { Address } from "../wire/address.ts";
import { UsageError } from "./command.ts";
import { livenessPlan } from "./liveness_plan.ts";
import { byteCount, labelMap, portNumber, resourceMap, seconds, wholeNumber } from "./numbers.ts";
import type { Called } from "./parse.ts";

/** Values of flags as they were given, with how each came in. */
export interface NodeFlags {
  nodeIp?: string | undefined;
  nodePort?: Called | undefined;
  numCpus?: Called | undefined;
  numGpus?: Called | undefined;
  resources?: Called | undefined;
  labels?: Called | undefined;
  memory?: Called | undefined;
  objectStoreMemory?: Called | undefined;
  joinTimeout?: Called | undefined;
  /** A head's: after what silence a node is suspect, and dead. */
  suspectAfter?: Called | undefined;
  deadAfter?: Called | undefined;
  name?: string | undefined;
  /** What starts a Python worker. */
  workerCommand?: string | undefined;
  /** Name or number of the group that may use the daemon. */
  socketGroup?: string | undefined;
}

/** What the flags do not say. */
export interface NodePlan {
  runtimeDir: string;
  role: DaemonConfig["role"];
  head: Address;
  token?: string | undefined;
  open: boolean;
  lifeline: boolean;
  standing: boolean;
  /** The head's HTTP server; absent: none. */
  dashboard?: DashboardPlan | undefined;
  env?: Env;
}

/** @throws {UsageError} naming the flag whose value cannot be used. */
export function nodeConfig(flags: NodeFlags, plan: NodePlan): DaemonConfig {
  const { runtimeDir, role, head, token, open, lifeline, standing, env = processEnv } = plan;
  const config: DaemonConfig = {
    runtime_dir: runtimeDir,
    role,
    head,
    resources: flags.resources ? resourceMap(flags.resources.called, flags.resources.text) : {},
    labels: flags.labels ? labelMap(flags.labels.called, flags.labels.text) : {},
    join_timeout_ms: flags.joinTimeout
      ? seconds(flags.joinTimeout.called, flags.joinTimeout.text)
      : JOIN_TIMEOUT,
    lifeline,
    standing,
    open,
  };
  if (token !== undefined) config.token = token;
  if (plan.dashboard) config.dashboard = { ...plan.dashboard };
  if (role === "head") {
    const { suspectAfter, deadAfter } = flags;
    const liveness = livenessPlan({ suspectAfter, deadAfter, env });
    if (liveness) config.liveness = { ...liveness };
  }
  if (flags.nodeIp) config.node_ip = flags.nodeIp;
  if (flags.name) config.node_name = flags.name;
  if (flags.socketGroup) config.socket_group = groupNumber(flags.socketGroup);
  const number = (read: (called: string, text: string) => number, flag: Called | undefined) =>
    flag && read(flag.called, flag.text);
  const numbers = {
    node_port: number(portNumber, flags.nodePort),
    num_cpus: number(wholeNumber, flags.numCpus),
    num_gpus: number(wholeNumber, flags.numGpus),
    memory: number(byteCount, flags.memory),
    object_store_memory: number(byteCount, flags.objectStoreMemory),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined) config[name as keyof typeof numbers] = value;
  }
  const { workerCommand } = flags;
  if (workerCommand !== undefined && workerCommand.trim() !== "") {
    config.worker_cmd = workerCommand;
  }
  for (const reserved of ["CPU", "GPU", "memory", "object_store_memory"]) {
    if (!(reserved in config.resources)) continue;
    throw new UsageError(
      `Cannot use ${flags.resources!.called}: ${reserved} is no custom resource`,
      "Use --num-cpus, --num-gpus, --memory or --object-store-memory for it.",
    );
  }
  return config;
}
