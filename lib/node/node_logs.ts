/**
 * This node's log files, for who reads them through the head: those in the node's own folder and, in
 * the folder above, the head's where it runs here and those of submitted jobs. A name is only ever
 * looked up among the files that are listed, so nothing in it leads elsewhere.
 */
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { fieldsOf, type Link, type Received } from "../wire/link.ts";
import { shown } from "../wire/shown.ts";
import { MOST_PART, readLogPart, startOfLastLines } from "./log_part.ts";
import type { Worker } from "./worker.ts";

/** Longest time that an answer waits for something new, in milliseconds. */
const LONGEST_WAIT = 10_000;

/** One log file. The field names go over the wire and into `--json` unchanged. */
export interface LogFileView {
  name: string;
  bytes: number;
  /** When it was last written, in milliseconds since the epoch. */
  modified: number;
  /** Somebody writes it still. */
  running: boolean;
  /** What it is the output of. */
  of: "daemon" | "head" | "worker" | "job" | "other";
  /** A worker's: the first 12 digits of its actor's id, and which life of it. */
  actor?: string;
  incarnation?: number;
  stream?: "out" | "err";
  /** A running worker's. */
  pid?: number;
  job_id?: string;
  class_name?: string;
  /** Of the actor, where it was given one. */
  actor_name?: string;
  /** A submitted job's. */
  submission_id?: string;
}

/** What the answers need of the node. */
export interface NodeLogsHost {
  /** The node's own folder. */
  folder: string;
  /** Where logs lie that are of no node: those of heads and of submitted jobs. */
  above: string;
  /** The head runs on this node. */
  is_head: boolean;
  workers(): readonly Pick<Worker, "out" | "err" | "pid" | "order" | "shownName">[];
  /** Aborts when the node ends. */
  signal: AbortSignal;
}

const WORKER = /^worker-([0-9a-f]{12})-(\d+)-[0-9a-f]+\.(out|err)(\.\d+)?$/;
const JOB = /^job-driver-(.+)\.log$/;

/** See the top of this file. */
export class NodeLogs {
  constructor(readonly host: NodeLogsHost) {}

  /** Those whose names contain `match`, the longest unwritten first. */
  list(match = ""): LogFileView[] {
    const workers = new Map(
      this.host.workers().flatMap((worker) =>
        [[worker.out, worker], [worker.err, worker]] as const
      ),
    );
    const views = [...this.#files()].map(([name, path]) =>
      viewOf(name, path, { writer: workers.get(path), running: this.#isWritten(name, path) })
    );
    return views.filter((view) => view !== undefined)
      .filter(({ name }) => name.includes(match))
      .sort((a, b) => a.modified - b.modified);
  }

  /** Answers `node.logs`, or the same question of this machine's command line. */
  answerList(received: Received, kind: "node.logs" | "daemon.logs", link: Link): void {
    const { match } = fieldsOf(received, kind);
    const files = this.list(match ?? "");
    const body = new TextEncoder().encode(JSON.stringify(files));
    link.reply(received, kind, { count: files.length }, body);
  }

  /** Answers `node.log`; never rejects. */
  async answerPart(received: Received, link: Link): Promise<void> {
    try {
      const { file, offset, lines, most, wait_ms } = fieldsOf(received, "node.log");
      const path = this.#files().get(file);
      if (path === undefined) throw noFile(file);
      const part = await readLogPart(path, {
        offset: typeof lines === "number" ? startOfLastLines(path, lines) : Math.max(0, offset),
        most: Math.min(Math.max(0, most), MOST_PART),
        wait_ms: Math.min(wait_ms, LONGEST_WAIT),
        running: () => !link.isClosed && this.#isWritten(file, path),
        signal: this.host.signal,
      });
      const { size, running } = part;
      link.reply(received, "node.log", { size, offset: part.offset, running }, part.bytes);
    } catch (error) {
      link.refuse(received, error);
    }
  }

  /** Paths by name. A name in both folders is the node's own. */
  #files(): Map<string, string> {
    const { folder, above, is_head } = this.host;
    const found = new Map<string, string>();
    for (const name of filesIn(above)) {
      if (JOB.test(name) || (is_head && name.startsWith("head."))) {
        found.set(name, join(above, name));
      }
    }
    for (const name of filesIn(folder)) found.set(name, join(folder, name));
    return found;
  }

  #isWritten(name: string, path: string): boolean {
    if (name === "daemon.log") return true;
    if (name === "head.log") return this.host.is_head;
    return this.host.workers().some(({ out, err, order }) =>
      out === path || err === path || isDriverOf(order.submission_id, name)
    );
  }
}

function isDriverOf(submission_id: string | undefined, name: string): boolean {
  return submission_id !== undefined && JOB.exec(name)?.[1] === submission_id;
}

/** Names of plain files; what is a link is none of them. */
function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter(({ isFile }) => isFile).map(({ name }) => name);
  } catch {
    return []; // removed under us
  }
}

type Writer = Pick<Worker, "pid" | "order" | "shownName">;

function viewOf(
  name: string,
  path: string,
  { writer, running }: { writer: Writer | undefined; running: boolean },
): LogFileView | undefined {
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(path);
  } catch {
    return undefined; // removed meanwhile
  }
  const view: LogFileView = {
    name,
    bytes: info.size,
    modified: info.mtime?.getTime() ?? 0,
    running,
    of: name.startsWith("daemon.") ? "daemon" : name.startsWith("head.") ? "head" : "other",
  };
  const worker = WORKER.exec(name);
  if (worker) {
    view.of = "worker";
    view.actor = worker[1]!;
    view.incarnation = Number(worker[2]);
    view.stream = worker[3] as "out" | "err";
  }
  const job = JOB.exec(name);
  if (job) {
    view.of = "job";
    view.submission_id = job[1]!;
  }
  if (!writer) return view;
  if (writer.pid > 0) view.pid = writer.pid;
  view.job_id = writer.order.job.job_id;
  view.class_name = writer.shownName;
  if (writer.order.name) view.actor_name = writer.order.name;
  return view;
}

function noFile(file: string): RequestFailed {
  return new RequestFailed(
    "no_log",
    `Cannot read the log ${JSON.stringify(shown(file))}: this node has no such file`,
    "`beam logs --node NODE` lists what it has.",
  );
}
