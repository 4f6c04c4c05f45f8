/** The output of submitted jobs: one file each in the runtime directory, which outlives its node. */
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { runtimePaths } from "../runtime/paths.ts";
import { fieldsOf, type Link, type Received } from "../wire/link.ts";
import { readLogPart } from "./log_part.ts";

/** How many are kept whatever their age. */
const KEPT = 100;
/** A younger one stays, in milliseconds: its job may run. */
const YOUNG = 7 * 24 * 3600_000;

const NAME = /^job-driver-(.+)\.log$/;

/** Where a job's output lies in the runtime directory `runtime`, by Ray's name for it. */
export function jobLogPath(runtime: string, submission_id: string): string {
  return join(runtimePaths(runtime).logs, `job-driver-${checkedId(submission_id)}.log`);
}

/** What the answers to `submission.log` need of the node. */
export interface JobLogHost {
  /** The runtime directory. */
  runtime: string;
  /** True while a job's supervisor runs here. */
  running(submission_id: string): boolean;
  /** Aborts when the node ends. */
  signal: AbortSignal;
}

/** Answers `submission.log` over `link`; never rejects. */
export async function answerJobLog(
  received: Received,
  link: Link,
  { runtime, running, signal }: JobLogHost,
): Promise<void> {
  try {
    const { submission_id, ...question } = fieldsOf(received, "submission.log");
    const runs = () => !link.isClosed && running(submission_id);
    const path = jobLogPath(runtime, submission_id);
    const part = await readLogPart(path, { ...question, running: runs, signal });
    const { size, offset, running: runsOn, bytes } = part;
    link.reply(received, "submission.log", { size, offset, running: runsOn }, bytes);
  } catch (error) {
    link.refuse(received, error);
  }
}

/** A file that nobody wrote for so long, in milliseconds, is of no job that runs. */
const QUIET = 24 * 3600_000;

/**
 * Removes old output: past the last hundred and a week, and past `most` bytes in sum what nobody has written
 * for a day. What cannot be removed stays.
 */
export function pruneJobLogs(runtime: string, now: number, most = Infinity): void {
  const { logs } = runtimePaths(runtime);
  const files: { path: string; at: number; size: number }[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(logs)) {
      if (!isFile || !NAME.test(name)) continue;
      const path = join(logs, name);
      const { mtime, size } = Deno.statSync(path);
      files.push({ path, at: mtime?.getTime() ?? 0, size });
    }
  } catch {
    return; // there is none yet, or another daemon prunes too
  }
  let sum = 0;
  for (const [place, { path, at, size }] of files.sort((a, b) => b.at - a.at).entries()) {
    sum += size;
    const old = place >= KEPT && now - at >= YOUNG;
    if (!old && !(sum > most && now - at >= QUIET)) continue;
    try {
      Deno.removeSync(path);
    } catch { /* gone already */ }
  }
}

/** An id becomes part of a file's name: nothing in it may lead elsewhere. */
function checkedId(submission_id: string): string {
  if (/^[\w.:@+-]{1,200}$/.test(submission_id)) return submission_id;
  throw new RequestFailed(
    "bad_request",
    `Cannot use the submission id ${JSON.stringify(submission_id).slice(0, 80)}: it must be 1 to ` +
      "200 letters, digits or any of _ . : @ + -",
    "Choose another one, or leave it out.",
  );
}
