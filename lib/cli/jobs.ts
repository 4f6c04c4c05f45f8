/** `beam jobs`: the cluster's jobs, which are its drivers and what was submitted. */
import { Trouble } from "../runtime/errors.ts";
import type { ClusterStatus, JobView } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { timeText } from "./events_text.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { addressOf, clusterStatus } from "./status_source.ts";
import { table } from "./table.ts";

const HELP =
  `Lists the cluster's jobs: each program that called \`ray.init\` (its driver), and each job that was
submitted with \`ray job submit\`.

Usage:
  beam jobs [--all] [--address HOST[:PORT]] [--json] [ID]

Options:
  --all                   the ended ones too
  --address HOST[:PORT]   the cluster whose head is there
  --json                  for programs

With a job's id or a submission id, that job alone.`;

const FLAGS = {
  all: { kind: "switch" },
  address: { kind: "text" },
  json: { kind: "switch" },
} as const;

/** A row of the list, and of \`--json\`. Times are milliseconds since the epoch. */
export interface JobRow {
  /** Null for a submitted job that has no driver yet. */
  job_id: string | null;
  /** Null for a driver that nobody submitted. */
  submission_id: string | null;
  /** RUNNING or ENDED; of a submitted job PENDING, RUNNING, STOPPED, SUCCEEDED or FAILED. */
  state: string;
  entrypoint: string;
  node_id: string;
  node_ip: string;
  /** The driver's; 0 where there is none. */
  pid: number;
  actors: number;
  started_at: number;
  ended_at: number | null;
  /** Why it ended, in words. */
  reason: string | null;
}

async function run(args: string[]): Promise<number> {
  const { values, positionals: [wanted] } = parse(
    { program: "beam jobs", flags: FLAGS, positionals: 1 },
    args,
  );
  const rows = jobRows(await clusterStatus(addressOf(values.address))).filter((row) =>
    wanted === undefined
      ? values.all || row.ended_at === null
      : row.job_id === wanted || row.submission_id === wanted
  );
  if (wanted !== undefined && rows.length === 0) {
    throw new Trouble(
      `Cannot show the job ${wanted}: none has this id`,
      "`beam jobs --all` lists them.",
    );
  }
  if (values.json) printJson(rows);
  else if (rows.length > 0) print(jobsTable(rows));
  else {print(
      values.all ? "No job has run." : "No job runs (`beam jobs --all` has the ended ones).",
    );}
  return EXIT.done;
}

/** Submitted jobs with their drivers, and drivers of their own, in the order in which they began. */
export function jobRows(status: ClusterStatus): JobRow[] {
  const submitted = status.submissions.map((one): JobRow => {
    const driver = status.jobs.find(({ job_id }) => job_id === one.job_id);
    const node_id = one.driver_node_id ?? "";
    return {
      job_id: one.job_id,
      submission_id: one.submission_id,
      state: one.status,
      entrypoint: one.entrypoint,
      node_id,
      node_ip: status.nodes.find((node) => node.node_id === node_id)?.ip ?? "",
      pid: driver?.pid ?? 0,
      actors: one.job_id === null ? 0 : actorsOf(status, one.job_id),
      started_at: one.start_time ?? 0,
      ended_at: one.end_time,
      reason: one.end_time === null ? null : one.message,
    };
  });
  const known = new Set(submitted.map(({ job_id }) => job_id));
  const drivers = status.jobs.filter(({ job_id }) => !known.has(job_id)).map((job) =>
    driverRow(status, job)
  );
  return [...submitted, ...drivers].sort((a, b) => a.started_at - b.started_at);
}

function driverRow(status: ClusterStatus, job: JobView): JobRow {
  return {
    job_id: job.job_id,
    submission_id: null,
    state: job.state.toUpperCase(),
    entrypoint: job.entrypoint,
    node_id: job.node_id,
    node_ip: job.node_ip,
    pid: job.pid,
    actors: actorsOf(status, job.job_id),
    started_at: job.start,
    ended_at: job.end ?? null,
    reason: job.reason ?? null,
  };
}

function actorsOf({ actors }: ClusterStatus, job_id: string): number {
  return actors.filter((actor) => actor.job_id === job_id && actor.state !== "DEAD").length;
}

/** One line per job. */
export function jobsTable(rows: readonly JobRow[]): string {
  return table(
    ["JOB", "SUBMISSION", "STATE", "STARTED", "NODE", "PID", "ACTORS", "ENTRYPOINT", "REASON"],
    rows.map((row) => [
      row.job_id ?? "",
      row.submission_id ?? "",
      row.state,
      timeText(row.started_at),
      row.node_ip,
      row.pid > 0 ? String(row.pid) : "",
      String(row.actors),
      row.entrypoint,
      row.reason ?? "",
    ]),
  );
}

export const jobs: Command = { name: "beam jobs", help: HELP, flags: FLAGS, takes: ["job"], run };
