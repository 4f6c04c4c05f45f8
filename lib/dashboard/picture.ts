/**
 * The rows that the page shows, by table: what the head fills in and the page reads. Field names go over
 * HTTP unchanged. Times are milliseconds since the epoch by the head's clock, sizes bytes.
 */
import type { DeathReport } from "../cluster/death.ts";
import type { NodeReadings } from "../cluster/readings.ts";

/** Amounts by resource. */
export type Amounts = Record<string, number>;

/** One row, of the key "". */
export interface ClusterRow {
  cluster: string;
  epoch: number;
  /** Version and digest of the head's build. */
  build: string;
  /** What changes when the page's own files do. */
  page: string;
  /** Where nodes join. */
  head_address: string;
  /** Nodes need a token to join. */
  token: boolean;
  tls: boolean;
  started_at: number;
  total: Amounts;
  used: Amounts;
  /** What groups reserve, and what of it is used. */
  reserved: Amounts;
  used_of_reserved: Amounts;
  /** Sentences about the head itself, such as a journal that cannot be written. */
  warnings: string[];
}

/** Who holds a part of a GPU. */
export interface GpuHolder {
  kind: "actor" | "group";
  id: string;
  text: string;
  /** 0 to 1. */
  part: number;
  /** Of a bundle: the actors inside. */
  inside: { id: string; text: string; part: number }[];
}

/** One GPU in the cluster's books. */
export interface GpuRow {
  device: string;
  free: number;
  holders: GpuHolder[];
}

/** A node; see {@link ReadingsRow} for what changes every few seconds. */
export interface NodeRow {
  id: string;
  /** As people call it; empty where it is only an address. */
  name: string;
  ip: string;
  aliases: string[];
  head: boolean;
  state: "alive" | "suspect" | "draining" | "away" | "dead";
  joined_at: number;
  ended_at?: number;
  /** Why it is dead, in a sentence. */
  why?: string;
  total: Amounts;
  available: Amounts;
  gpus: GpuRow[];
  labels: Record<string, string>;
  store?: { total: number; used: number; spilled: number; objects: number };
  build?: string;
}

/** One GPU as its driver sees it; null for what it does not tell. */
export type GpuReadingRow = readonly [
  name: string,
  busy_percent: number | null,
  memory_used: number | null,
  memory_total: number | null,
  temperature_c: number | null,
  power_w: number | null,
  processes: readonly (readonly [pid: number, memory: number | null])[],
];

/** What a node's machine was busy with a moment ago; key: the node's id. */
export interface ReadingsRow extends Omit<NodeReadings, "at" | "daemon" | "gpus"> {
  /** A message there and back, in milliseconds. */
  rtt_ms?: number;
  /** By the index in the cluster's books. */
  gpus: Record<string, GpuReadingRow>;
}

/** An actor. Its death's report is asked for apart. */
export interface ActorRow {
  id: string;
  class_name: string;
  name: string;
  namespace: string;
  state: "PENDING_CREATION" | "ALIVE" | "RESTARTING" | "DEAD";
  /** `starting` and `ready` are between placed and running. */
  step: string;
  job_id: string;
  node_id: string;
  pid: number;
  life: number;
  restarts: number;
  max_restarts: number;
  detached: boolean;
  resources: Amounts;
  pg_id?: string;
  bundle?: number;
  devices: string[];
  created_at: number;
  /** Since when it is in its state. */
  since: number;
  ended_at?: number;
  /** Of its death, or of the last one before it was started again. */
  death?: { kind: string; message: string; asked: boolean };
}

/** A placement group. */
export interface GroupRow {
  id: string;
  name: string;
  job_id: string;
  strategy: string;
  state: "PENDING" | "CREATED" | "REMOVED" | "RESCHEDULING";
  bundles: Amounts[];
  /** Node id per bundle; empty where it has none. */
  nodes: string[];
  requested_at: number;
  created_at?: number;
  removed_at?: number;
  detached: boolean;
  /** Why it waits. */
  why?: string;
  /** False where no present node could ever hold it. */
  feasible?: boolean;
}

/** Actors and workers for tasks that wait for a place, alike ones together. */
export interface WaitingRow {
  id: string;
  job_id: string;
  name: string;
  since: number;
  why: string;
  feasible: boolean;
  count: number;
}

/** A driver or a submitted job. */
export interface JobRow {
  id: string;
  submitted: boolean;
  /** The driver's job, where it has one. */
  job_id: string | null;
  status: "PENDING" | "RUNNING" | "STOPPED" | "SUCCEEDED" | "FAILED";
  entrypoint: string;
  message: string | null;
  error_type: string | null;
  start: number | null;
  end: number | null;
  node_id: string | null;
  pid: string | null;
  exit_code: number | null;
  metadata: Record<string, string>;
}

/** How many calls of one function there were, of the newest that are remembered. */
export interface TaskRow {
  name: string;
  kind: string;
  waiting: number;
  running: number;
  finished: number;
  failed: number;
  /** Of those that ended, in milliseconds. */
  mean_ms: number | null;
  /** The last error, in a line. */
  error: string | null;
}

/** What was found wrong, as the doctor says it. */
export interface FindingRow {
  code: string;
  check: string;
  severity: "error" | "warning" | "info";
  node_id?: string;
  node?: string;
  seen: string;
  breaks: string;
  mend: string;
}

/** One row, of the key "". */
export interface DoctorRow {
  /** When it last ran; null: not yet. */
  at: number | null;
  running: boolean;
  /** How far it is. */
  progress: string | null;
  /** Why the last run failed. */
  fault: string | null;
}

/** Something that happened. */
export interface EventRow {
  seq: number;
  at: number;
  kind: string;
  severity: "error" | "warning" | "info";
  text: string;
  node_id?: string;
  actor_id?: string;
  pg_id?: string;
  job_id?: string;
}

/** All tables. */
export interface Picture {
  cluster: ClusterRow;
  nodes: NodeRow;
  readings: ReadingsRow;
  actors: ActorRow;
  groups: GroupRow;
  waiting: WaitingRow;
  jobs: JobRow;
  tasks: TaskRow;
  findings: FindingRow;
  doctor: DoctorRow;
  events: EventRow;
}

/** One death, as the head remembers it. */
export interface DeathDetails {
  id: string;
  heard_at: number;
  life: number;
  restarted: boolean;
  report: DeathText;
  /** The death that came first, where this one followed from it. */
  first?: { id: string; actor_id: string; who: string; heard_at: number; report: DeathText };
}

/** What is known of a death. */
export type DeathText = Omit<DeathReport, "kind"> & { kind: string };

/** What `GET /api/actors/{id}` answers. */
export interface ActorDetails {
  actor: ActorRow;
  /** Its present or last death's whole report. */
  death?: DeathText;
  /** Deaths of all its lives that nobody asked for, the oldest first. */
  deaths: DeathDetails[];
  events: EventRow[];
}

/** A log file of a node, as its daemon's `LogFileView`. */
export interface LogFile {
  /** As it is asked for. */
  name: string;
  bytes: number;
  /** When it was last written. */
  modified: number;
  /** Somebody writes it still. */
  running: boolean;
  of: "daemon" | "head" | "worker" | "job" | "other";
  /** A worker's: the first 12 digits of its actor's id, and which life of it. */
  actor?: string;
  incarnation?: number;
  stream?: "out" | "err";
  pid?: number;
  job_id?: string;
  class_name?: string;
  actor_name?: string;
  submission_id?: string;
}
