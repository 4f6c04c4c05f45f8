/**
 * A daemon joins: a new node, or one that comes back after a cut or a restart of the head, whose
 * report is compared with the books.
 */
import { amountsFault } from "./amounts.ts";
import { actorText, nextIncarnation } from "./actors.ts";
import type { ActorRecord } from "./actors.ts";
import { nextStep, stateOf } from "./actor_states.ts";
import type { Books } from "./books.ts";
import { fullLedger, placeOf } from "./books.ts";
import { confirmGone, endIncarnation, endJob, endOwnedBy, loseNode } from "./endings.ts";
import type { BrainEventOf, NodeReport, ReportedActor } from "./events.ts";
import { jobNumberOf } from "./jobs.ts";
import type { JobSpec } from "./jobs.ts";
import type { Grant } from "./ledger.ts";
import { askAnew } from "./leases.ts";
import { lendCpu, returnGrant } from "./lending.ts";
import { rejoinText, revive } from "./liveness.ts";
import type { NodeRecord, NodeSpec } from "./node.ts";
import { nodeFault, nodeText } from "./node.ts";
import { actStart } from "./scheduling.ts";
import { holdStray, releaseStray, releaseStrays } from "./strays.ts";

/** How many incarnations of an actor beyond that of the books a node is believed. */
const MOST_OUTRUN = 1000;

/** Handles `node.join`. */
export function joinNode(books: Books, { node: spec, report }: BrainEventOf<"node.join">): void {
  const reject = (reason: string) =>
    books.act({ kind: "node.rejected", node_id: spec.node_id, reason });
  const fault = amountsFault(spec.total) ?? nodeFault(spec);
  if (fault !== undefined) return reject(`Cannot add node ${nodeText(spec)}: ${fault}.`);
  const known = books.nodes.get(spec.node_id);
  if (known?.state === "dead") return reject(rejoinText(known.death?.message ?? "it was lost"));
  const node = known ?? addNode(books, spec);
  if (known !== undefined) {
    // Its resources stay as they are in the books, for grants count on them.
    const { ip, aliases, hostname, labels } = spec;
    Object.assign(node, { ip, aliases, hostname, labels });
    if (spec.extra !== undefined) node.extra = spec.extra;
    revive(books, node);
  }
  reconcile(books, node, report ?? { actors: [], jobs: [], deaths: [] });
  askAnew(books, node.node_id);
  books.retry_all = true;
  books.touch("nodes", node.node_id);
}

function addNode(books: Books, spec: NodeSpec): NodeRecord {
  for (const other of [...books.nodes.values()]) {
    if (other.state === "dead" || !replaces(spec, other)) continue;
    const reason = "a new daemon joined from its machine";
    loseNode(books, other, reason);
    // Should it be there after all, it must not go on as if it were in.
    books.act({ kind: "node.rejected", node_id: other.node_id, reason: rejoinText(reason) });
  }
  const node: NodeRecord = {
    ...spec,
    state: "alive",
    draining: false,
    joined_at: books.now,
    last_seen: books.now,
  };
  books.nodes.set(node.node_id, node);
  books.node_ledgers.set(node.node_id, fullLedger(node));
  return node;
}

/** True where the daemon of `other` must have ended, since `spec`'s is in its place. */
function replaces(spec: NodeSpec, other: NodeRecord): boolean {
  // A head is its daemon's child: who comes with this one is the only daemon it can have.
  if (spec.is_head && other.is_head) return true;
  const same = other.ip === spec.ip && other.hostname === spec.hostname;
  return same && other.link_lost_at !== undefined;
}

function reconcile(books: Books, node: NodeRecord, report: NodeReport): void {
  for (const name of [...report.deaths, ...report.actors]) outrun(books, name);
  for (const death of report.deaths) workerDied(books, { node_id: node.node_id, ...death });
  reconcileJobs(books, node, report.jobs);
  const running = new Set<string>();
  const strays = new Map<WorkerName, Grant>();
  for (const worker of report.actors) {
    running.add(`${worker.actor_id}/${worker.incarnation}`);
    const name = { ...worker, node_id: node.node_id };
    const known = reconcileWorker(books, name) || isLeaving(books, name);
    if (!known && worker.grant !== undefined) strays.set(name, worker.grant);
  }
  releaseStrays(books, node.node_id, (one) => running.has(`${one.actor_id}/${one.incarnation}`));
  for (const actor of [...books.actors.values()]) {
    for (const { incarnation, node_id } of [...actor.leaving]) {
      const gone = node_id === node.node_id && !running.has(`${actor.actor_id}/${incarnation}`);
      if (gone) confirmGone(books, actor, { incarnation, node_id });
    }
    if (actor.node_id !== node.node_id || actor.grant === undefined) continue;
    if (running.has(`${actor.actor_id}/${actor.incarnation}`)) continue;
    if (actor.step === "starting" && strays.size > 0) {
      placeAnew(books, actor);
      continue;
    }
    if (actor.step === "starting") {
      // The request to start it may have been lost with the link; twice is one start.
      actStart(books, actor);
      continue;
    }
    const message = `Its worker was gone when node ${nodeText(node)} came back.`;
    endIncarnation(books, actor, { report: { kind: "head", message }, restart: true, gone: true });
  }
  // When what has ended is free: that may be what they hold.
  for (const [name, grant] of strays) holdStray(books, name, grant);
}

/**
 * The journal lacks its last rows, so this actor's start may long be over, and its place another's:
 * it is not started there under the same name.
 */
function placeAnew(books: Books, actor: ActorRecord): void {
  books.giveBack(placeOf(actor), actor.grant!);
  delete actor.grant;
  actor.incarnation = nextIncarnation(actor);
  actor.step = "waiting";
  actor.state = stateOf(actor.step, actor.incarnation);
  actor.node_id = "";
  actor.pid = 0;
  books.enqueue(actor.actor_id);
  books.touch("actors", actor.actor_id);
  endOwnedBy(books, actor, actorText(actor));
}

/**
 * A power cut may take the journal's last rows: then a node knows incarnations of an actor that the
 * books have not come to. They are not given out again, for callers may know them.
 */
function outrun(books: Books, { actor_id, incarnation }: Omit<WorkerName, "node_id">): void {
  const actor = books.actors.get(actor_id);
  if (actor === undefined || incarnation < actor.incarnation) return;
  if (incarnation > actor.incarnation + MOST_OUTRUN) return; // no journal loses so many restarts
  if (actor.step !== "waiting") {
    if (incarnation > actor.incarnation) actor.outrun = Math.max(actor.outrun ?? 0, incarnation);
    return;
  }
  actor.incarnation = incarnation + 1;
  actor.state = stateOf(actor.step, actor.incarnation);
  books.touch("actors", actor_id);
  endOwnedBy(books, actor, actorText(actor));
}

function reconcileJobs(books: Books, node: NodeRecord, jobs: JobSpec[]): void {
  for (const job of jobs) startJob(books, job);
  const present = new Set(jobs.map((job) => job.job_id));
  for (const job of [...books.jobs.values()]) {
    if (job.node_id !== node.node_id || job.state !== "running" || present.has(job.job_id)) {
      continue;
    }
    endJob(books, job, { reason: `its driver was gone when node ${nodeText(node)} came back` });
  }
}

/** @returns whether it is a worker of the books; else it is told to end */
function reconcileWorker(books: Books, worker: ReportedActor & WorkerName): boolean {
  const { pid, address, initialized, blocked, returned } = worker;
  const actor = currentWorker(books, worker);
  if (actor === undefined) {
    stopStranger(books, worker, true);
    return false;
  }
  if (address !== undefined) workerReady(books, actor, pid, address);
  else if (pid > 0) actor.pid = pid;
  if (initialized) workerInitialized(books, actor);
  // What was said while the link was cut.
  if (returned) returnGrant(books, actor);
  lendCpu(books, actor, blocked === true);
  return true;
}

/** Which worker an event is about. */
export interface WorkerName {
  node_id: string;
  actor_id: string;
  incarnation: number;
}

/** The actor whose present worker this is, or undefined where it is not (any more). */
export function currentWorker(books: Books, name: WorkerName): ActorRecord | undefined {
  const actor = books.actors.get(name.actor_id);
  const current = actor?.incarnation === name.incarnation && actor.node_id === name.node_id &&
    actor.grant !== undefined;
  return current ? actor : undefined;
}

/** Ends a worker that the books do not have; with `again`, also one that was told so before. */
export function stopStranger(books: Books, name: WorkerName, again = false): void {
  if (isLeaving(books, name) && !again) return;
  const actor = books.actors.get(name.actor_id);
  const report = actor?.death ?? {
    kind: "head" as const,
    message: `The head does not know ${
      actor ? `this incarnation of ${actorText(actor)}` : `actor ${name.actor_id}`
    }. ${books.lost}`.trimEnd(),
  };
  const { node_id, actor_id, incarnation } = name;
  books.act({ kind: "worker.stop", node_id, actor_id, incarnation, report });
}

function isLeaving(books: Books, { node_id, actor_id, incarnation }: WorkerName): boolean {
  const leaving = books.actors.get(actor_id)?.leaving ?? [];
  return leaving.some((one) => one.incarnation === incarnation && one.node_id === node_id);
}

/** A worker is connectable. */
export function workerReady(
  books: Books,
  actor: ActorRecord,
  pid: number,
  address: unknown,
): void {
  const step = nextStep(actor.step, "ready");
  if (step === undefined) return;
  actor.step = step;
  actor.since = books.now;
  actor.pid = pid;
  actor.address = address;
  actor.failed_starts = 0;
  books.touch("actors", actor.actor_id);
}

/** `__init__` returned. */
export function workerInitialized(books: Books, actor: ActorRecord): void {
  const step = nextStep(actor.step, "initialized");
  if (step === undefined) return;
  actor.step = step;
  actor.state = stateOf(step, actor.incarnation);
  actor.since = books.now;
  actor.failed_starts = 0;
  books.touch("actors", actor.actor_id);
}

/** A worker is gone. */
export function workerDied(
  books: Books,
  event: Omit<BrainEventOf<"actor.died">, "kind">,
): void {
  if (releaseStray(books, event)) return;
  const actor = books.actors.get(event.actor_id);
  if (actor === undefined || confirmGone(books, actor, event)) return;
  if (currentWorker(books, event) === undefined) return;
  const restart = event.intended !== true && event.report.kind !== "init" &&
    event.report.kind !== "environment";
  const meant = event.intended === true || actor.released === true;
  endIncarnation(books, actor, { report: event.report, restart, gone: true, meant });
}

/** A driver is there. */
export function startJob(books: Books, spec: JobSpec): void {
  const number = jobNumberOf(spec.job_id);
  const refuse = (message: string) =>
    books.act({ kind: "job.rejected", job_id: spec.job_id, message });
  if (number === undefined) {
    return refuse(`Cannot start job ${spec.job_id}: its id must be 8 hex digits.`);
  }
  if (books.jobs.has(spec.job_id)) return books.tell("jobs", spec.job_id);
  const parent = spec.parent_actor === undefined ? undefined : books.actors.get(spec.parent_actor);
  if (spec.parent_actor !== undefined && (parent === undefined || parent.step === "ended")) {
    return refuse(
      `Cannot start job ${spec.job_id}: actor ${spec.parent_actor}, inside which its driver ` +
        "runs, has ended.",
    );
  }
  books.jobs.set(spec.job_id, { ...spec, state: "running", start: books.now });
  if (number >= books.next_job) {
    books.next_job = number + 1;
    books.touchMeta("next_job");
  }
  books.touch("jobs", spec.job_id);
}
