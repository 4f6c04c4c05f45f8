/** What the parts of a head share. */
import type { Brain } from "../cluster/brain.ts";
import type { Log } from "../runtime/log.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ClusterKeys } from "./cluster_keys.ts";
import type { Doctor } from "./doctor.ts";
import type { EventLog } from "./event_log.ts";
import type { HeadTls } from "./head_tls.ts";
import type { InitErrors } from "./init_errors.ts";
import type { JoinTokens } from "./join_tokens.ts";
import type { NodeLinks } from "./node_links.ts";
import type { ObjectNotices } from "./object_notices.ts";
import type { ProcessMetrics } from "./process_metrics.ts";
import type { Readings } from "./readings.ts";
import type { Relays } from "./relay.ts";
import type { Shell } from "./shell.ts";
import type { Specs } from "./specs.ts";
import type { Submissions } from "./submissions.ts";
import type { Tallies } from "./tallies.ts";
import type { TaskLog } from "./task_log.ts";
import type { TokenHandover } from "./token_handover.ts";
import type { WatchedActors } from "./watched_actors.ts";
import type { WorkerRegistry } from "./worker_registry.ts";

/** See the top of this file. */
export interface HeadState {
  /** Version and digest of this build. */
  build: string;
  cluster: string;
  /** The address and port by which others know it. */
  host: string;
  port: number;
  /** `host:port` of its HTTP server; empty where there is none. */
  dashboard: string;
  shell: Shell;
  brain: Brain;
  specs: Specs;
  initErrors: InitErrors;
  submissions: Submissions;
  nodes: NodeLinks;
  keys: ClusterKeys;
  tokens: JoinTokens;
  handover: TokenHandover;
  watched: WatchedActors;
  objects: ObjectNotices;
  workers: WorkerRegistry;
  tasks: TaskLog;
  metrics: ProcessMetrics;
  doctor: Doctor;
  /** What has happened, in order. */
  events: EventLog;
  /** What the nodes' machines are busy with. */
  readings: Readings;
  tallies: Tallies;
  relays: Pick<Relays, "size">;
  clock: Clock;
  log: Log;
  /** Absent: the cluster speaks no TLS. */
  tls?: HeadTls | undefined;
}

/** Who asks: a process on a node. */
export interface Asker {
  node_id: string;
  /** The process, as its daemon calls it. */
  client: string;
  /** Its job; absent before `driver.start`. */
  job_id?: string;
  /** Where it runs inside an actor. */
  actor_id?: string;
  /** The request's name, by which a repetition is known. */
  ask?: string;
  /** Questions that wait are dropped with this. */
  link: object;
}

/** Where an answer goes. */
export interface Answer {
  give(fields: Record<string, unknown>, body?: Uint8Array): void;
  refuse(error: unknown): void;
}

/** How long a process may know of something that the head has not heard of yet, in milliseconds. */
export const UNHEARD_MS = 5000;

/** @throws RequestFailed while the journal cannot be written: what is new would not outlive us */
export function takesNewWork(state: HeadState): void {
  const { journal } = state.shell;
  // Tried again now and not at the next tick: whoever has made room begins at once.
  if (journal.failure !== undefined) journal.flush();
  if (journal.failure === undefined) return;
  throw new RequestFailed(
    "journal_failed",
    `Cannot take new work: the head cannot write its journal ${journal.path} (${journal.failure})`,
    "Free space on that disk; the head goes on by itself.",
  );
}

/** The asker's job. @throws RequestFailed where it has none */
export function jobOf(asker: Asker): string {
  if (asker.job_id !== undefined && asker.job_id !== "") return asker.job_id;
  throw new RequestFailed(
    "no_job",
    "Cannot do this outside of a job: the process has to be a driver or a worker",
    "Call ray.init() first.",
  );
}
