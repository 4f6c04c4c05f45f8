/** Which logs are meant, and their parts, read through the head. */
import type { NodeLogsView } from "../head/node_questions.ts";
import type { WorkerView } from "../head/worker_registry.ts";
import type { LogFileView } from "../node/node_logs.ts";
import { type ActorView, type ClusterStatus, STATUS_TIMEOUT } from "./cluster_status.ts";
import { findActors, findNode } from "./finding.ts";
import { askCluster, askJson } from "./status_source.ts";

/** Digits of an actor's id in the names of its files. */
const IN_NAMES = 12;
/** Bytes asked for at a time. */
const PART = 256 * 1024;
/** How many lines are shown again of a log that was cut. */
const AFTER_CUT = 20;
/** How long a node waits for something new before it answers, in milliseconds. */
const WAIT_MS = 5000;

/** A log file and where it is. */
export interface FoundLog extends LogFileView {
  node_id: string;
  node_ip: string;
}

/** What was found. */
export interface Found {
  logs: FoundLog[];
  /** What is meant is this actor: its later lives are meant too. */
  actor?: ActorView;
  /** Nodes that did not answer, with why. */
  faults: string[];
}

/**
 * The logs that are called `what`: an actor's by its name, class or id; a job's; those of a worker's pid;
 * `head`, `daemon`; else those whose names contain it. All where nothing is named.
 */
export async function findLogs(
  status: ClusterStatus,
  { what, node }: { what?: string | undefined; node?: string | undefined },
): Promise<Found> {
  const node_id = node === undefined ? undefined : findNode(status, node).node_id;
  const actors = what === undefined ? [] : findActors(status, what);
  return await (actors.length > 0
    ? ofActors(actors, node_id)
    : what === undefined
    ? list({ node_id })
    : /^[0-9a-f]{8}$/.test(what) && status.jobs.some(({ job_id }) => job_id === what)
    ? ofJob(status, what, node_id)
    : /^\d{1,9}$/.test(what)
    ? ofPid(status, Number(what), node_id)
    : what === "head" || what === "daemon"
    ? list({ node_id, match: `${what}.` }, ({ of }) => of === what)
    : list({ node_id, match: inNames(what) }));
}

/** The names of files hold only the first digits of an id. */
function inNames(what: string): string {
  return /^[0-9a-f]{16,}$/.test(what) ? what.slice(0, IN_NAMES) : what;
}

type Where = { node_id?: string | undefined; match?: string };

async function list(
  { node_id, match }: Where,
  fits: (file: LogFileView, node_id: string) => boolean = () => true,
): Promise<Found> {
  const nodes = await askJson<NodeLogsView[]>({
    kind: "query.logs",
    ...(node_id !== undefined && { node_id }),
    ...(match !== undefined && { match }),
  }, { timeout: STATUS_TIMEOUT * 2 });
  const logs = nodes.flatMap(({ node_id, node_ip, files }) =>
    files.filter((file) => fits(file, node_id)).map((file) => ({ ...file, node_id, node_ip }))
  );
  const faults = nodes.filter(({ fault }) => fault !== undefined)
    .map(({ node_ip, fault }) => `node ${node_ip} does not tell: ${fault}`);
  return { logs, faults };
}

async function ofActors(actors: readonly ActorView[], node_id: string | undefined) {
  const [first] = actors as [ActorView];
  const ids = new Set(actors.map(({ actor_id }) => actor_id.slice(0, IN_NAMES)));
  const found = await list(
    { node_id, match: actors.length === 1 ? first.actor_id.slice(0, IN_NAMES) : "worker-" },
    ({ actor }) => actor !== undefined && ids.has(actor),
  );
  return actors.length === 1 ? { ...found, actor: first } : found;
}

/** What was submitted under it, and what its workers say. */
function ofJob({ actors, submissions }: ClusterStatus, job_id: string, node_id?: string) {
  const ids = new Set(
    actors.filter((actor) => actor.job_id === job_id)
      .map(({ actor_id }) => actor_id.slice(0, IN_NAMES)),
  );
  const submitted = submissions.find((one) => one.job_id === job_id)?.submission_id;
  return list(
    { node_id },
    (file) =>
      file.job_id === job_id || (file.actor !== undefined && ids.has(file.actor)) ||
      (file.submission_id !== undefined && file.submission_id === submitted),
  );
}

/** A running worker's by its pid; an ended one's by what the head remembers of its process. */
async function ofPid(status: ClusterStatus, pid: number, node_id?: string): Promise<Found> {
  const running = await list({ node_id, match: "worker-" }, (file) => file.pid === pid);
  if (running.logs.length > 0) return running;
  const dead = status.actors.filter(({ death }) => death?.pid === pid);
  if (dead.length > 0) return ofActors(dead, node_id);
  const workers = await askJson<WorkerView[]>({ kind: "query.workers" });
  const driver = workers.find((worker) => worker.pid === pid && worker.worker_type === "DRIVER");
  if (!driver) return running;
  return ofJob(status, driver.worker_id.slice(0, 8), node_id);
}

/** A part of a log. */
export interface LogText {
  text: string;
  /** Where the next part begins. */
  next: number;
  /** Somebody writes it still. */
  running: boolean;
  /** It was begun anew. */
  anew: boolean;
}

/** Reads one log, part by part; characters that parts cut are put together. */
export class LogReader {
  #next = 0;
  #decoder = new TextDecoder();

  constructor(readonly log: Pick<FoundLog, "node_id" | "name">) {}

  /** The last lines, of very long ones those within the last mebibyte; with Infinity all of it. */
  async last(lines: number): Promise<LogText> {
    const from = Number.isFinite(lines) ? { offset: 0, lines } : { offset: 0 };
    let part = await this.#ask({ ...from, wait_ms: 0 });
    let text = part.text;
    // One answer holds a bounded part of it.
    while (part.more) {
      part = await this.#ask({ offset: this.#next, wait_ms: 0 });
      text += part.text;
    }
    return { ...part, text };
  }

  /** What follows, waiting for it a while where somebody writes. */
  async more(wait_ms = WAIT_MS): Promise<LogText> {
    const part = await this.#ask({ offset: this.#next, wait_ms });
    if (!part.anew || !part.more) return part;
    // It was cut because it had grown too long: most of what is left of it was read before.
    return { ...await this.last(AFTER_CUT), anew: true };
  }

  async #ask(
    question: { offset: number; lines?: number; wait_ms: number },
  ): Promise<LogText & { more: boolean }> {
    const { node_id, name: file } = this.log;
    const { fields, body } = await askCluster(
      undefined,
      { kind: "query.log", node_id, file, most: PART, ...question },
      { timeout: question.wait_ms + STATUS_TIMEOUT, quiet: question.wait_ms > 0 },
    );
    const anew = question.lines === undefined && fields.offset !== question.offset;
    if (anew) this.#decoder = new TextDecoder();
    this.#next = fields.offset + body.length;
    const text = this.#decoder.decode(body, { stream: true });
    const more = body.length > 0 && this.#next < fields.size;
    return { text, next: this.#next, running: fields.running || more, anew, more };
  }
}
