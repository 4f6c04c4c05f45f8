/** From flags to the daemon's configuration, the same for `beam up` and `ray start`. */
import { type DaemonConfig, JOIN_TIMEOUT } from "../node/config.ts";
import type { DashboardPlan } from "./dashboard_plan.ts";
import { groupNumber } from "../runtime/group_access.ts";
import { LOG_FORMATS, LOG_LEVELS } from "../runtime/log.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import type { Address } from "../wire/address.ts";
import { UsageError } from "./command.ts";
import { livenessPlan } from "./liveness_plan.ts";
import {
  byteCount,
  labelMap,
  localPort,
  logBytes,
  portNumber,
  resourceMap,
  seconds,
  wholeNumber,
} from "./numbers.ts";
import type { Called } from "./parse.ts";
import { valueType } from "./value_types.ts";

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
  /** Where probes are answered. */
  healthPort?: Called | undefined;
  logFormat?: Called | undefined;
  logLevel?: Called | undefined;
  /** What all logs of the node may take. */
  logMaxBytes?: Called | undefined;
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

/** One of `words`, or nothing. @throws {UsageError} for another */
function word(flag: Called | undefined, words: readonly string[]): string | undefined {
  if (flag === undefined) return undefined;
  valueType(words).check?.(flag.called, flag.text);
  return flag.text;
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
  const { healthPort } = flags;
  if (healthPort) config.health = localPort(healthPort.called, healthPort.text);
  const log_format = word(flags.logFormat, LOG_FORMATS);
  if (log_format !== undefined) config.log_format = log_format;
  const log_level = word(flags.logLevel, LOG_LEVELS);
  if (log_level !== undefined) config.log_level = log_level;
  if (flags.socketGroup) config.socket_group = groupNumber(flags.socketGroup);
  const number = (read: (called: string, text: string) => number, flag: Called | undefined) =>
    flag && read(flag.called, flag.text);
  const numbers = {
    node_port: number(portNumber, flags.nodePort),
    num_cpus: number(wholeNumber, flags.numCpus),
    num_gpus: number(wholeNumber, flags.numGpus),
    memory: number(byteCount, flags.memory),
    object_store_memory: number(byteCount, flags.objectStoreMemory),
    log_max_bytes: number(logBytes, flags.logMaxBytes),
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
