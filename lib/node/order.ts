/** What the head's `worker.start` asks for, read once into names and types. */
import { actorText } from "../cluster/actors.ts";
import type { Amounts } from "../cluster/amounts.ts";
import type { DeathReport } from "../cluster/death.ts";
import type { Fields } from "../wire/messages.ts";
import type { Environment } from "./worker_env.ts";

/** A map from another process. */
export type Loose = Record<string, unknown>;

/** See the top of this file. */
export interface WorkerOrder {
  actor_id: string;
  incarnation: number;
  class_name: string;
  name: string;
  namespace: string;
  /** -1: without end. */
  max_restarts: number;
  job: OrderJob;
  actorVars: Environment;
  devices: string[];
  amounts: Amounts;
  /** The submitted job that this supervises; absent: it is a worker. */
  submission_id?: string;
  /** Everything the creator said, and what was granted, for the worker itself. */
  actor: Loose;
  grant: Loose;
  body: Uint8Array;
}

/** The driver's part. */
export interface OrderJob {
  job_id: string;
  /** The driver's node. */
  node_id: string;
  /** The driver's process as its daemon knows it. */
  client: string;
  /** `sys.version`'s numbers; empty where unknown. */
  python: string;
  executable: string;
  cwd: string;
  sys_path: unknown[];
  vars: Environment;
  facts: Loose;
}

/** Reads `worker.start`. */
export function orderOf(fields: Fields<"worker.start">, body: Uint8Array): WorkerOrder {
  const { actor, job, grant } = fields;
  const submission_id = textIn(actor, "submission_id");
  return {
    actor_id: fields.actor_id,
    incarnation: fields.incarnation,
    class_name: textIn(actor, "class_name"),
    name: textIn(actor, "name"),
    namespace: textIn(actor, "namespace") || textIn(job, "namespace"),
    max_restarts: numberIn(actor, "max_restarts"),
    job: jobOf(job, textIn(job, "job_id") || fields.actor_id.slice(-8)),
    actorVars: varsIn(actor),
    devices: fields.devices.map(String),
    amounts: mapIn(grant, "amounts") as Amounts,
    ...(submission_id !== "" && { submission_id }),
    actor,
    grant,
    body,
  };
}

/** The actor in words, as the head has them. */
export function textOf({ actor, actor_id, class_name, name }: WorkerOrder): string {
  const kind = actor["is_task"] === true ? "task" : "actor";
  return actorText({ kind, actor_id, class_name, name });
}

/** The placement group and the job that it belongs to. */
export function groupOf({ actor, job }: WorkerOrder): { pg_id?: string; job_id: string } {
  const pg_id = textIn(actor, "pg_id");
  return pg_id === "" ? { job_id: job.job_id } : { pg_id, job_id: job.job_id };
}

/** A driver's part, from what it said of itself at its start. */
export function jobOf(job: Loose, job_id: string): OrderJob {
  return {
    job_id,
    node_id: textIn(job, "node_id"),
    client: textIn(job, "client"),
    python: textIn(job, "python"),
    executable: textIn(job, "executable"),
    cwd: textIn(job, "cwd"),
    sys_path: listIn(job, "sys_path"),
    vars: varsIn(job),
    facts: job,
  };
}

/** A report that came over the wire; what it lacks is made up for. */
export function reportOf(value: Loose): DeathReport {
  return {
    ...value,
    kind: (textIn(value, "kind") || "killed") as DeathReport["kind"],
    message: textIn(value, "message") || "It was ended.",
  };
}

/** Text field, or "". */
export function textIn(map: Loose, name: string): string {
  const value = map[name];
  return typeof value === "string" ? value : "";
}

/** Number field, or 0. */
export function numberIn(map: Loose, name: string): number {
  const value = map[name];
  return typeof value === "number" ? value : 0;
}

/** List field, or []. */
export function listIn(map: Loose, name: string): unknown[] {
  const value = map[name];
  return Array.isArray(value) ? value : [];
}

/** Map field, or {}. */
export function mapIn(map: Loose, name: string): Loose {
  const value = map[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Loose : {};
}

function varsIn(map: Loose): Environment {
  const vars = mapIn(mapIn(map, "runtime_env"), "env_vars");
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, String(value)]));
}
