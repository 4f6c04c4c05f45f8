/** The output of submitted jobs: one file each in the runtime directory, which outlives its node. */
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { runtimePaths } from "../runtime/paths.ts";
import { fieldsOf, type Link, type Received } from "../wire/link.ts";

/** How many are kept whatever their age. */
const KEPT = 100;
/** A younger one stays, in milliseconds: its job may run. */
const YOUNG = 7 * 24 * 3600_000;
/** How often a file that is waited for is looked at, in milliseconds. */
const LOOK_MS = 100;
/** Longest part of a file in one answer, in bytes. */
const MOST_PART = 2 ** 20;

const NAME = /^job-driver-(.+)\.log$/;

/** Where a job's output lies in the runtime directory `runtime`, by Ray's name for it. */
export function jobLogPath(runtime: string, submission_id: string): string {
  return join(runtimePaths(runtime).logs, `job-driver-${checkedId(submission_id)}.log`);
}

/** A part of a job's output. */
export interface JobLogPart {
  /** Bytes that the file has now. */
  size: number;
  bytes: Uint8Array;
  /** False: the job had ended when this was read, so nothing follows what was read. */
  running: boolean;
}

/** What {@link readJobLog} is asked for. */
export interface JobLogQuestion {
  offset: number;
  /** Most bytes to return. */
  most: number;
  /** How long to wait for something behind `offset`, in milliseconds. */
  wait_ms: number;
  /** Nothing more will be written once this is false. */
  running(): boolean;
  signal?: AbortSignal;
}

/** The part of the file at `path` behind an offset; empty where there is nothing (more). */
export async function readJobLog(path: string, question: JobLogQuestion): Promise<JobLogPart> {
  const until = Date.now() + question.wait_ms;
  for (;;) {
    // Asked before the file is read: what was written last is then in what is read.
    const running = question.running();
    const goesOn = running && Date.now() < until && !question.signal?.aborted;
    const part = readPart(path, question.offset, Math.min(question.most, MOST_PART));
    if (part.bytes.length > 0 || !goesOn) return { ...part, running };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
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
    const part = await readJobLog(path, { ...question, running: runs, signal });
    link.reply(received, "submission.log", { size: part.size, running: part.running }, part.bytes);
  } catch (error) {
    link.refuse(received, error);
  }
}

/** Removes old output. What cannot be removed stays. */
export function pruneJobLogs(runtime: string, now: number): void {
  const { logs } = runtimePaths(runtime);
  const files: { path: string; at: number }[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(logs)) {
      if (!isFile || !NAME.test(name)) continue;
      const path = join(logs, name);
      files.push({ path, at: Deno.statSync(path).mtime?.getTime() ?? 0 });
    }
  } catch {
    return; // there is none yet, or another daemon prunes too
  }
  for (const { path, at } of files.sort((a, b) => b.at - a.at).slice(KEPT)) {
    if (now - at < YOUNG) continue;
    try {
      Deno.removeSync(path);
    } catch { /* gone already */ }
  }
}

function readPart(path: string, offset: number, most: number): Omit<JobLogPart, "running"> {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return { size: 0, bytes: new Uint8Array(0) }; // nothing was written yet
  }
  using open = file;
  const { size } = open.statSync();
  const bytes = new Uint8Array(Math.max(0, Math.min(most, size - offset)));
  open.seekSync(offset, Deno.SeekMode.Start);
  let at = 0;
  while (at < bytes.length) {
    const count = open.readSync(bytes.subarray(at));
    if (count === null) break;
    at += count;
  }
  return { size, bytes: bytes.subarray(0, at) };
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
