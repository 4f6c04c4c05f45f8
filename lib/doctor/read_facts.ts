/** Reads the facts of this machine, each part with a deadline; what fails is told and leaves its part empty. */
import { emptyFacts } from "./empty_facts.ts";
import { deadline, inTime } from "./in_time.ts";
import type { Facts, NodeFacts, PythonFacts, Unread } from "./facts.ts";
import { readClock } from "./readers/clock.ts";
import { readFileSystem, readRuntimeDir } from "./readers/file_systems.ts";
import { readGpus } from "./readers/gpus.ts";
import { readLeftovers } from "./readers/leftovers.ts";
import { readLimits } from "./readers/limits.ts";
import { readCpus, readMemory } from "./readers/memory.ts";
import { readNetworkFacts } from "./readers/network.ts";
import { readFirewall, readPlatform } from "./readers/platform.ts";
import { type ReadProcesses, readProcesses } from "./readers/processes.ts";
import { readPython } from "./readers/python.ts";
import { readRdma } from "./readers/rdma.ts";
import { readTls, readToken, type SecurityState } from "./readers/security.ts";
import { shownVariables } from "./shown_variables.ts";
import { realSystem, type System } from "./system.ts";

/** How long one part may take, in milliseconds. */
export const PART_DEADLINE = 8000;
/** How long workers may take to end when their daemon has, in milliseconds. */
const SETTLE_MS = 1500;

/** Where the machine is looked at from. */
export interface FactsRequest {
  /** What the daemon says of itself; null where none runs. */
  node: NodeFacts | null;
  runtime_dir: string;
  machine_dir: string;
  /** The command that starts a worker template here. */
  worker_command: string[];
  /** The environment that workers inherit, secrets left out. */
  env: Record<string, string>;
  /** PYTHONPATH begins with this folder in workers; null: the environment is taken as it is. */
  shim_path: string | null;
  security: SecurityState;
}

export interface ReadOptions {
  system?: System;
  /** Milliseconds for each part. */
  deadline?: number;
  signal?: AbortSignal;
}

/** Never rejects for what the machine answers. */
export async function readFacts(request: FactsRequest, options: ReadOptions = {}): Promise<Facts> {
  const { system = realSystem() } = options;
  const { node, env, runtime_dir } = request;
  const unread: Unread[] = [];
  const part = async <T>(
    name: string,
    otherwise: T,
    read: (signal: AbortSignal) => T | Promise<T>,
  ) => {
    using until = deadline(options.deadline ?? PART_DEADLINE, options.signal);
    try {
      return await inTime(Promise.try(read, until.signal), until.signal);
    } catch (error) {
      unread.push({ part: name, why: (error as Error).message });
      return otherwise;
    }
  };
  const at = system.now();
  const { processes, listeners, commandOf, isOurs } = await part<ReadProcesses>(
    "the processes",
    { processes: [], listeners: [], commandOf: () => null, isOurs: () => false },
    () => settledProcesses(system, [...node?.pids ?? [], ...node ? [node.pid] : []]),
  );
  const nothing = emptyFacts(request, at);
  const network = await part(
    "the network",
    nothing.network,
    () => readNetworkFacts(system, env, node),
  );
  const whole = { ...network.cluster.derived, ...env };
  const [gpus, python] = await Promise.all([
    part(
      "the GPUs",
      nothing.gpus,
      (signal) =>
        readGpus(system, {
          env,
          given: node?.gpus_given ?? null,
          processes: { processes, commandOf, isOurs },
          signal,
        }),
    ),
    part<PythonFacts | null>("the Python interpreter", null, (signal) =>
      readPython(system, {
        worker_command: request.worker_command,
        env: withShim(whole, request.shim_path),
        signal,
      })),
  ]);
  return {
    ...nothing,
    platform: await part("the platform", nothing.platform, () => readPlatform(system, env)),
    env: shownVariables(whole),
    network,
    rdma: await part("the RDMA devices", nothing.rdma, () => readRdma(system)),
    firewall: await part("the firewall", nothing.firewall, () => readFirewall(system)),
    limits: await part("the limits", nothing.limits, () => readLimits(system)),
    memory: await part("the memory", nothing.memory, () => readMemory(system)),
    cpus: await part("the CPUs", nothing.cpus, () => readCpus(system)),
    shm: await part("/dev/shm", null, () => readFileSystem(system, "/dev/shm")),
    runtime_dir: await part(
      "the runtime directory",
      nothing.runtime_dir,
      () => readRuntimeDir(system, request),
    ),
    gpus,
    python,
    processes,
    listeners,
    leftovers: await part("leftovers", [], () => readLeftovers(system, request)),
    clock: await part("the clock", nothing.clock, () => readClock(system, processes)),
    token: await part(
      "the token",
      nothing.token,
      () => readToken(system, runtime_dir, env, request.security),
    ),
    tls: await part(
      "the certificates",
      nothing.tls,
      () => readTls(system, runtime_dir, request.security),
    ),
    unread,
  };
}

/** Workers whose daemon has just ended are about to end too: orphans are looked at again. */
async function settledProcesses(system: System, ours: readonly number[]): Promise<ReadProcesses> {
  const found = readProcesses(system, ours);
  if (!found.processes.some(({ kind, orphan }) => kind === "beam-worker" && orphan)) return found;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return readProcesses(system, ours);
}

/** As `lib/node/worker_env.ts` puts it there. */
function withShim(env: Record<string, string>, shim_path: string | null): Record<string, string> {
  if (shim_path === null) return env;
  const others = (env.PYTHONPATH ?? "").split(":").filter((path) => path && path !== shim_path);
  return { ...env, PYTHONPATH: [shim_path, ...others].join(":") };
}
