/** What `ray job` prints, in the words that scripts look for. Pure. */
import type { JobDetails } from "../dashboard/jobs_api.ts";

/** The first line of each command. */
export function addressLine(url: string): string {
  return `Job submission server address: ${withoutPassword(url)}`;
}

/** A line between rules, with an empty line before and after. */
export function bigText(text: string): string {
  const rule = "-".repeat(text.length);
  return `\n${rule}\n${text}\n${rule}\n`;
}

/** How a job goes, with the message where Ray shows it. */
export function statusText(id: string, { status, message }: JobDetails): string {
  const detail = message === null ? "" : `\nStatus message: ${message}`;
  switch (status) {
    case "SUCCEEDED":
      return bigText(`Job '${id}' succeeded`);
    case "STOPPED":
      return `Job '${id}' was stopped`;
    case "FAILED":
      return bigText(`Job '${id}' failed`) + detail;
    default:
      return `Status for job '${id}': ${status}${detail}`;
  }
}

/** What to do next with a job that was submitted. */
export function nextSteps(id: string): string {
  return [
    "Next steps",
    "  Query the logs of the job:",
    `    ray job logs ${id}`,
    "  Query the status of the job:",
    `    ray job status ${id}`,
    "  Request the job to be stopped:",
    `    ray job stop ${id}`,
    "",
  ].join("\n");
}

/** The list of `ray job list`: one `JobDetails(…)` per job, as Python shows it. */
export function listText(jobs: readonly JobDetails[]): string {
  if (jobs.length === 0) return "[]";
  return `[${jobs.map((job) => detailsText(job).replaceAll("\n", "\n ")).join(",\n ")}]`;
}

function detailsText(job: JobDetails): string {
  const fields = Object.entries(job).map(([name, value]) => {
    if (name === "type") return `type=<JobType.${value}: '${value}'>`;
    if (name === "status") return `status=<JobStatus.${value}: '${value}'>`;
    if (name === "driver_info" && value !== null) {
      const parts = Object.entries(value).map(([part, text]) => `${part}=${pythonText(text)}`);
      return `driver_info=DriverInfo(${parts.join(", ")})`;
    }
    return `${name}=${pythonText(value)}`;
  });
  return `JobDetails(${fields.join(", ")})`;
}

/** A JSON value as Python writes it. */
function pythonText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return pythonString(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(", ")}]`;
  if (typeof value === "object") {
    const parts = Object.entries(value).map(([name, one]) =>
      `${pythonText(name)}: ${pythonText(one)}`
    );
    return `{${parts.join(", ")}}`;
  }
  return String(value);
}

function pythonString(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r");
  return escaped.includes("'") && !escaped.includes('"')
    ? `"${escaped}"`
    : `'${escaped.replaceAll("'", "\\'")}'`;
}

function withoutPassword(url: string): string {
  return url.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, "$1:***@");
}
