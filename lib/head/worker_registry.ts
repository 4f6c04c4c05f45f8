/**
 * The worker processes that the head has heard of, each under its own id: actors are restarted, their
 * processes are not. Dead ones are kept for a while, for those who ask what happened.
 */
import type { DeathReport } from "../cluster/death.ts";
import type { JobRecord } from "../cluster/jobs.ts";

/** How many dead ones are kept. */
export const MOST_DEAD = 1000;

/** A worker process. Times are milliseconds since the epoch. */
export interface KnownWorker {
  worker_id: string;
  node_id: string;
  pid: number;
  job_id: string;
  actor_id: string;
  incarnation: number;
  /** When its process was asked for. */
  launched_at: number;
  /** When it said that it was there. */
  ready_at: number;
  ended_at?: number;
  exit_type?: ExitType;
  exit_detail?: string;
  runtime_env: Record<string, unknown>;
}

/** Ray's words for why a process ended. */
export type ExitType =
  | "SYSTEM_ERROR"
  | "INTENDED_SYSTEM_EXIT"
  | "USER_ERROR"
  | "INTENDED_USER_EXIT"
  | "NODE_OUT_OF_MEMORY";

/** One process, in the fields of Ray's `WorkerState`. */
export interface WorkerView {
  worker_id: string;
  is_alive: boolean;
  worker_type: "WORKER" | "DRIVER";
  exit_type: ExitType | null;
  node_id: string;
  ip: string;
  pid: number;
  exit_detail: string | null;
  worker_launch_time_ms: number;
  worker_launched_time_ms: number;
  start_time_ms: number;
  end_time_ms: number;
  debugger_port: null;
  num_paused_threads: number;
  /** Not Ray's: what `list_runtime_envs` is made from. */
  runtime_env: Record<string, unknown>;
}

type WorkerName = Pick<KnownWorker, "node_id" | "actor_id" | "incarnation">;

/** What the registry asks of the nodes. */
export interface NodeFinder {
  /** Undefined for a node that nobody knows. */
  node(node_id: string): { ip: string; dead: boolean } | undefined;
}

/** See the top of this file. */
export class WorkerRegistry {
  #byId = new Map<string, KnownWorker>();
  #current = new Map<string, KnownWorker>();
  #dead: string[] = [];

  constructor(readonly nodes: NodeFinder) {}

  /** A worker said that it is there, now or (after the head's restart) earlier. */
  ready(worker: KnownWorker): void {
    if (this.#byId.has(worker.worker_id)) return;
    this.#byId.set(worker.worker_id, worker);
    this.#current.set(nameOf(worker), worker);
  }

  /** The worker of this incarnation ended at `now`, as its node says. */
  died(
    of: WorkerName,
    { report, now, intended }: { report: DeathReport; now: number; intended: boolean },
  ): void {
    const worker = this.#current.get(nameOf(of));
    if (worker === undefined) return;
    this.#end(worker, {
      ended_at: now,
      exit_type: exitType(report, intended),
      exit_detail: report.message,
    });
  }

  /** The node was lost at `now`, with all that ran there. */
  nodeGone(node_id: string, now: number): void {
    for (const worker of [...this.#current.values()]) {
      if (worker.node_id !== node_id) continue;
      const exit_detail = "Its node was lost.";
      this.#end(worker, { ended_at: now, exit_type: "SYSTEM_ERROR", exit_detail });
    }
  }

  /** By its own id. */
  get(worker_id: string): KnownWorker | undefined {
    return this.#byId.get(worker_id);
  }

  #end(
    worker: KnownWorker,
    how: Pick<KnownWorker, "ended_at" | "exit_type" | "exit_detail">,
  ): void {
    this.#current.delete(nameOf(worker));
    Object.assign(worker, how);
    this.#dead.push(worker.worker_id);
    if (this.#dead.length > MOST_DEAD) this.#byId.delete(this.#dead.shift()!);
  }

  /** The node's address, empty for one that is forgotten. */
  ip(node_id: string): string {
    return this.nodes.node(node_id)?.ip ?? "";
  }

  /** All workers and, from their jobs, the drivers. */
  view(jobs: Iterable<JobRecord>): WorkerView[] {
    const workers = [...this.#byId.values()].map((worker) => this.#workerView(worker));
    return [...workers, ...[...jobs].map((job) => this.#driverView(job))];
  }

  #workerView(worker: KnownWorker): WorkerView {
    return {
      worker_id: worker.worker_id,
      is_alive: worker.ended_at === undefined,
      worker_type: "WORKER",
      exit_type: worker.exit_type ?? null,
      node_id: worker.node_id,
      ip: this.ip(worker.node_id),
      pid: worker.pid,
      exit_detail: worker.exit_detail ?? null,
      worker_launch_time_ms: worker.launched_at,
      worker_launched_time_ms: worker.ready_at,
      start_time_ms: worker.ready_at,
      end_time_ms: worker.ended_at ?? 0,
      debugger_port: null,
      num_paused_threads: 0,
      runtime_env: worker.runtime_env,
    };
  }

  #driverView(job: JobRecord): WorkerView {
    const ended = job.state === "ended";
    const env = (job.extra as { runtime_env?: unknown } | undefined)?.runtime_env;
    return {
      // As the driver names itself: see `get_worker_id` of its runtime context.
      worker_id: job.job_id.padEnd(56, "f"),
      is_alive: !ended,
      worker_type: "DRIVER",
      exit_type: !ended ? null : job.death ? "SYSTEM_ERROR" : "INTENDED_USER_EXIT",
      node_id: job.node_id,
      ip: this.ip(job.node_id),
      pid: job.pid,
      exit_detail: job.reason ?? null,
      worker_launch_time_ms: job.start,
      worker_launched_time_ms: job.start,
      start_time_ms: job.start,
      end_time_ms: job.end ?? 0,
      debugger_port: null,
      num_paused_threads: 0,
      runtime_env: typeof env === "object" && env !== null ? env as Record<string, unknown> : {},
    };
  }
}

function nameOf({ node_id, actor_id, incarnation }: WorkerName): string {
  return `${node_id} ${actor_id} ${incarnation}`;
}

function exitType(report: DeathReport, intended: boolean): ExitType {
  if (report.kind === "init") return "USER_ERROR";
  if (["killed", "owner", "node", "group"].includes(report.kind)) return "INTENDED_SYSTEM_EXIT";
  return intended ? "INTENDED_USER_EXIT" : "SYSTEM_ERROR";
}
