/** Jobs, and counts of what ran, as rows of tables. Pure. */
import type { JobRow, TaskRow } from "../picture.ts";
import type { Cell, Column, Tone } from "./cell.ts";
import type { Searchable } from "./filter.ts";
import { countText, durationText, momentText } from "./format.ts";
import { nodeHref, nodeName } from "./nodes_model.ts";
import type { Tables } from "./tables.ts";

/** A job with its node's name. */
export interface JobLine {
  job: JobRow;
  node: string;
  now: number;
}

const STATES: Readonly<Record<JobRow["status"], [tone: Tone, order: number]>> = {
  RUNNING: ["good", 0],
  PENDING: ["warn", 1],
  FAILED: ["bad", 2],
  STOPPED: ["muted", 3],
  SUCCEEDED: ["muted", 4],
};

/** All jobs that are known. */
export function jobLines(tables: Tables, now: number): JobLine[] {
  return tables.rows("jobs").map((job) => ({
    job,
    node: job.node_id === null ? "" : nodeName(tables.get("nodes", job.node_id)),
    now,
  }));
}

/** True for a job that can still be stopped here. */
export function mayStop(job: JobRow): boolean {
  return job.submitted && (job.status === "PENDING" || job.status === "RUNNING");
}

export function jobState({ status, submitted, exit_code }: JobRow): Cell {
  // Of a driver that nobody submitted only its end is known, not how it went.
  const text = !submitted && status === "SUCCEEDED" ? "ended" : status.toLowerCase();
  const code = exit_code === null || exit_code === 0 ? "" : `exit code ${exit_code}`;
  return { text, tone: STATES[status][0], dot: true, sub: code };
}

/** The columns of the table of jobs. */
export const JOB_COLUMNS: readonly Column<JobLine>[] = [
  {
    id: "id",
    title: "Job",
    wrap: true,
    cell: ({ job }) => ({
      text: job.id,
      sub: job.submitted ? "submitted" : "driver",
      href: `#/jobs/${encodeURIComponent(job.id)}`,
    }),
  },
  {
    id: "state",
    title: "State",
    cell: ({ job }) => jobState(job),
    order: ({ job }) => STATES[job.status][1],
  },
  {
    id: "entrypoint",
    title: "Runs",
    wide: true,
    cell: ({ job }) => ({ text: job.entrypoint, title: job.entrypoint, mono: true }),
  },
  { id: "node", title: "Node", rank: 2, cell: ({ node }) => ({ text: node || "–" }) },
  {
    id: "start",
    title: "Started",
    number: true,
    cell: ({ job, now }) =>
      job.start === null
        ? { text: "–" }
        : { text: `${durationText(now - job.start)} ago`, title: momentText(job.start) },
    order: ({ job }) => job.start ?? 0,
  },
  {
    id: "took",
    title: "Ran for",
    number: true,
    rank: 3,
    cell: ({ job, now }) => ({
      text: job.start === null ? "–" : durationText((job.end ?? now) - job.start),
    }),
    order: ({ job, now }) => job.start === null ? 0 : (job.end ?? now) - job.start,
  },
];

/** What a job is found by. */
export function jobSearch({ job, node }: JobLine): Searchable {
  return {
    id: job.id,
    job: job.job_id,
    state: job.status.toLowerCase(),
    kind: job.submitted ? "submitted" : "driver",
    runs: job.entrypoint,
    node,
    message: job.message,
  };
}

/** Facts of a job as pairs; an address leads to another view. */
export function jobFacts(
  { job, node, now }: JobLine,
): [name: string, value: string, href?: string][] {
  const facts: [string, string, string?][] = [["Runs", job.entrypoint]];
  if (job.job_id !== null) {
    facts.push(["Actors", `those of job ${job.job_id}`, `#/actors?q=job:${job.job_id}`]);
  }
  if (job.node_id !== null) facts.push(["Node", node, nodeHref(job.node_id)]);
  if (job.pid !== null) facts.push(["Driver", `process ${job.pid}`]);
  if (job.start !== null) facts.push(["Started", momentText(job.start)]);
  if (job.end !== null) facts.push(["Ended", momentText(job.end)]);
  if (job.start !== null) facts.push(["Ran for", durationText((job.end ?? now) - job.start)]);
  if (job.error_type !== null) facts.push(["Error", job.error_type]);
  for (const [name, value] of Object.entries(job.metadata)) facts.push([name, value]);
  return facts;
}

/** The columns of the table of tasks. */
export const TASK_COLUMNS: readonly Column<TaskRow>[] = [
  { id: "name", title: "Function", wide: true, cell: ({ name }) => ({ text: name, mono: true }) },
  { id: "kind", title: "Kind", cell: ({ kind }) => ({ text: kind }) },
  countColumn("waiting", "Waiting", "warn"),
  countColumn("running", "Running", "good"),
  countColumn("finished", "Finished", "plain"),
  countColumn("failed", "Failed", "bad"),
  {
    id: "mean",
    title: "On average",
    number: true,
    rank: 2,
    cell: ({ mean_ms }) => ({ text: mean_ms === null ? "–" : durationText(mean_ms) }),
    order: ({ mean_ms }) => mean_ms ?? -1,
  },
  {
    id: "error",
    title: "Last error",
    wide: true,
    rank: 2,
    cell: ({ error }) => ({ text: error ?? "", tone: "muted", ...(error && { title: error }) }),
  },
];

function countColumn(
  id: "waiting" | "running" | "finished" | "failed",
  title: string,
  tone: Tone,
): Column<TaskRow> {
  return {
    id,
    title,
    number: true,
    cell: (row) => ({ text: countText(row[id]), tone: row[id] === 0 ? "muted" : tone }),
    order: (row) => row[id],
  };
}
