/** Jobs: one per driver. */
import type { DeathReport } from "./death.ts";

/** What a driver's daemon says of it. */
export interface JobSpec {
  /** 8 hex digits, see `jobIdOf`. */
  job_id: string;
  /** The driver's node. */
  node_id: string;
  pid: number;
  /** The shell's key of the driver's process; opaque here. */
  client: string;
  /** The actor inside which this driver was spawned; the job ends with it. */
  parent_actor?: string;
  namespace: string;
  entrypoint: string;
  /** Whatever the shell wants kept beside it; never read here. */
  extra?: unknown;
}

/** A job in the books. */
export interface JobRecord extends JobSpec {
  state: "running" | "ended";
  start: number;
  end?: number;
  /** Why it ended. */
  reason?: string;
  /** The death that ended it, where it did not simply finish. */
  death?: DeathReport;
}

/** The n-th job's id (from 1), as Ray writes it: four bytes, least significant first. */
export function jobIdOf(n: number): string {
  const bytes = [n, n >>> 8, n >>> 16, n >>> 24].map((byte) => byte & 0xff);
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The number inside a job id, or undefined where it is none. */
export function jobNumberOf(job_id: string): number | undefined {
  if (!/^[0-9a-f]{8}$/.test(job_id)) return undefined;
  const bytes = [0, 2, 4, 6].map((at) => parseInt(job_id.slice(at, at + 2), 16));
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}

/** `job 01000000 (driver pid 12 on 10.0.0.1)` for messages. */
export function jobText(job: JobSpec, ip?: string): string {
  return `job ${job.job_id} (driver pid ${job.pid}${ip === undefined ? "" : ` on ${ip}`})`;
}
