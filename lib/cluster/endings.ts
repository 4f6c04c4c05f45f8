/**
 * How things end, and what ends with them.
 *
 * - A job ends: its driver's actors and groups end, but for detached ones.
 * - An actor's process dies: what that process owned ends, also when the actor is restarted; a
 *   driver that was spawned inside it ends its job.
 * - A group is removed: every actor placed in it dies.
 * - A node is lost: its actors die, its drivers' jobs end, groups with bundles there look for
 *   another place for those bundles.
 *
 * As in Ray, a group that an actor created stays until its job has ended too, because programs
 * hand such groups on; under a detached actor, whose job may long be over, until the actor ends.
 *
 * A worker that was told to end keeps its grant until its daemon reports it gone, so that no
 * device is given to two processes.
 */
import type { ActorRecord } from "./actors.ts";
import { actorText, mayRestart, nextIncarnation } from "./actors.ts";
import { nextStep, stateOf } from "./actor_states.ts";
import type { Books } from "./books.ts";
import { heldBy, nameKey, placeOf, placeOfLeaving } from "./books.ts";
import type { DeathReport } from "./death.ts";
import { noteDeath, noteNode } from "./deaths.ts";
import { crewOf } from "./first_cause.ts";
import type { GroupRecord } from "./groups.ts";
import { groupText } from "./groups.ts";
import type { JobRecord } from "./jobs.ts";
import { jobText } from "./jobs.ts";
import type { Grant, Ledger } from "./ledger.ts";
import type { NodeRecord } from "./node.ts";
import { mayHold, nodeText } from "./node.ts";

/** How an incarnation of an actor ends. */
export interface Ending {
  report: DeathReport;
  /** It may be restarted if restarts are left. */
  restart: boolean;
  /** Its process is known to be gone; otherwise its daemon is told to end it. */
  gone: boolean;
  /** It ended itself on purpose. */
  meant?: boolean;
  /** Its node is taken away: a restart for that costs none of those it has, as in Ray. */
  evicted?: boolean;
  /** What the deaths that follow are to name as their cause; the actor itself by default. */
  cause?: string;
}

/** Ends the present incarnation of an actor: a restart, or its death for good. */
export function endIncarnation(books: Books, actor: ActorRecord, ending: Ending): void {
  if (actor.step === "ended") return;
  const left = mayRestart(actor) ||
    (ending.evicted === true && actor.max_restarts > 0 && actor.released !== true);
  // What never had a process loses nothing by the death of one, and needs no restart.
  const again = ending.restart && left && nextStep(actor.step, "again");
  const report = noteDeath(books, actor, {
    report: withPlace(books, actor, ending.report),
    restarted: again !== false && again !== undefined,
    meant: ending.meant === true,
    cause: ending.cause,
  });
  leaveWorker(books, actor, report, ending.gone);
  actor.death = report;
  actor.since = books.now;
  delete actor.warned_at;
  if (again) {
    actor.step = again;
    actor.incarnation = nextIncarnation(actor);
    actor.restarts += 1;
    if (ending.evicted) actor.evictions = (actor.evictions ?? 0) + 1;
    actor.seq = books.takeSeq();
    actor.node_id = "";
    actor.pid = 0;
    books.enqueue(actor.actor_id);
  } else {
    actor.step = "ended";
    actor.ended_at = books.now;
    books.dequeue(actor.actor_id);
    if (actor.name !== "") books.names.delete(nameKey(actor.namespace, actor.name));
  }
  actor.state = stateOf(actor.step, actor.incarnation);
  books.touch("actors", actor.actor_id);
  endOwnedBy(books, actor, ending.cause ?? report.caused_by ?? actorText(actor));
}

/** Takes the worker off an actor: its grant is free, or kept until the daemon reports it gone. */
function leaveWorker(books: Books, actor: ActorRecord, report: DeathReport, gone: boolean): void {
  if (actor.grant === undefined) return;
  const grant = heldBy(actor, actor.grant);
  const node = books.nodes.get(actor.node_id);
  if (gone || node === undefined || !mayHold(node)) {
    books.giveBack(placeOf(actor), grant);
  } else {
    const bundle = actor.pg && { pg_id: actor.pg.pg_id, bundle_index: actor.bundle_index };
    actor.leaving.push({
      incarnation: actor.incarnation,
      node_id: actor.node_id,
      ...(bundle && { pg: bundle }),
      grant,
      since: books.now,
    });
    const { node_id, actor_id, incarnation } = actor;
    books.act({ kind: "worker.stop", node_id, actor_id, incarnation, report });
  }
  delete actor.grant;
  delete actor.address;
  actor.lent_cpu = 0;
  if (actor.pg !== undefined) releaseBundles(books, actor.pg.pg_id);
}

/** A worker that was told to end is gone from that node. @returns whether there was such a worker */
export function confirmGone(
  books: Books,
  actor: ActorRecord,
  { incarnation, node_id }: { incarnation: number; node_id: string },
): boolean {
  const at = actor.leaving.findIndex((leaving) =>
    leaving.incarnation === incarnation && leaving.node_id === node_id
  );
  const [leaving] = at === -1 ? [] : actor.leaving.splice(at, 1);
  if (leaving === undefined) return false;
  books.giveBack(placeOfLeaving(leaving), leaving.grant);
  books.touch("actors", actor.actor_id, false);
  if (leaving.pg !== undefined) releaseBundles(books, leaving.pg.pg_id);
  return true;
}

/** Ends what a worker of the actor owned. */
export function endOwnedBy(books: Books, owner: ActorRecord, cause: string): void {
  for (const child of [...books.actors.values()]) {
    if (child.owner.actor_id !== owner.actor_id || child.detached) continue;
    const report: DeathReport = {
      kind: "owner",
      message: `Its owner, ${actorText(owner)}, died.`,
      caused_by: cause,
    };
    endIncarnation(books, child, { report, restart: false, gone: false, cause });
  }
  for (const job of [...books.jobs.values()]) {
    if (job.parent_actor === owner.actor_id && job.state === "running") {
      endJob(books, job, { reason: `${actorText(owner)}, which it ran inside, died`, cause });
    }
  }
  if (owner.step === "ended") removeGroupsOfTheDead(books, cause);
}

/** Why a job ends. */
export interface JobEnding {
  /** Completes "ended: …", without a full stop. */
  reason: string;
  report?: DeathReport;
  cause?: string;
}

/** Ends a job and everything its driver owned. */
export function endJob(books: Books, job: JobRecord, ending: JobEnding): void {
  if (job.state === "ended") return;
  job.state = "ended";
  job.end = books.now;
  job.reason = ending.reason;
  if (ending.report !== undefined) job.death = ending.report;
  books.touch("jobs", job.job_id);
  const text = jobText(job, books.nodes.get(job.node_id)?.ip);
  const cause = ending.cause ?? text;
  for (const actor of [...books.actors.values()]) {
    if (actor.owner.job_id !== job.job_id || actor.owner.actor_id !== undefined) continue;
    if (actor.detached) continue;
    const report: DeathReport = {
      kind: "owner",
      message: `Its ${text} ended: ${ending.reason}.`,
      caused_by: cause,
    };
    endIncarnation(books, actor, { report, restart: false, gone: false, cause });
  }
  removeGroupsOfTheDead(books, cause);
}

function removeGroupsOfTheDead(books: Books, cause: string): void {
  for (const group of [...books.groups.values()]) {
    if (group.state !== "REMOVED" && outlived(books, group)) removeGroup(books, group, cause);
  }
}

/** True when nobody is left for whom the group was made. */
function outlived(books: Books, group: GroupRecord): boolean {
  if (group.detached) return false;
  const { job_id, actor_id } = group.owner;
  const creator = actor_id === undefined ? undefined : books.actors.get(actor_id);
  if (creator !== undefined && creator.step !== "ended") return false;
  const jobOver = books.jobs.get(job_id)?.state !== "running";
  return jobOver || (creator !== undefined && underDetached(books, creator));
}

function underDetached(books: Books, actor: ActorRecord): boolean {
  if (actor.detached) return true;
  const owner = actor.owner.actor_id && books.actors.get(actor.owner.actor_id);
  return owner ? underDetached(books, owner) : false;
}

/** Removes a group: its actors die; its bundles are free once their workers are gone. */
export function removeGroup(books: Books, group: GroupRecord, cause?: string): void {
  if (group.state === "REMOVED") return;
  group.state = "REMOVED";
  group.removed_at = books.now;
  books.dequeue(group.pg_id);
  books.touch("groups", group.pg_id);
  for (const actor of [...books.actors.values()]) {
    if (actor.pg?.pg_id !== group.pg_id) continue;
    const report: DeathReport = {
      kind: "group",
      message: `Its ${groupText(group)} was removed.`,
      caused_by: cause ?? groupText(group),
    };
    endIncarnation(books, actor, { report, restart: false, gone: false });
  }
  releaseBundles(books, group.pg_id);
}

/** Gives the bundles of a removed group back to their nodes, as far as nobody holds them. */
export function releaseBundles(books: Books, pg_id: string): void {
  const group = books.groups.get(pg_id);
  const ledgers = books.bundle_ledgers.get(pg_id);
  if (group?.state !== "REMOVED" || ledgers === undefined) return;
  for (const [index, grant] of group.grants.entries()) {
    const ledger = ledgers[index];
    if (grant === null || !ledger || !isWhole(ledger, grant)) continue;
    books.giveBack({ node_id: group.nodes[index]! }, grant);
    ledgers[index] = null;
    group.grants[index] = null;
    group.nodes[index] = "";
    books.touch("groups", pg_id, false);
  }
}

/** True while nobody holds anything of the bundle with this ledger. */
export function isWhole(ledger: Ledger, grant: Grant): boolean {
  return Object.entries(grant.amounts).every(([name, units]) => ledger.free[name] === units);
}

/** A node is dead for good, and with it everything on it. */
export function loseNode(books: Books, node: NodeRecord, reason: string): void {
  if (node.state === "dead") return;
  const text = `node ${nodeText(node)}`;
  const report: DeathReport = {
    kind: "node",
    message: `The ${text} was lost: ${reason}.`,
    node_id: node.node_id,
    node_ip: node.ip,
    at: books.now,
    who: text,
  };
  noteNode(books, node, report);
  node.state = "dead";
  node.ended_at = books.now;
  node.death = report;
  books.node_ledgers.delete(node.node_id);
  for (const [key, stray] of books.strays) {
    if (stray.node_id === node.node_id) books.strays.delete(key);
  }
  books.retry_all = true;
  books.touch("nodes", node.node_id);
  loseBundles(books, node);
  const jobs = [...books.jobs.values()].filter((job) =>
    job.node_id === node.node_id && job.state === "running"
  );
  const ending = new Set(jobs.map((job) => job.job_id));
  for (const actor of [...books.actors.values()]) {
    if (actor.leaving.some((leaving) => leaving.node_id === node.node_id)) {
      actor.leaving = actor.leaving.filter((leaving) => leaving.node_id !== node.node_id);
      books.touch("actors", actor.actor_id, false);
    }
    if (actor.node_id !== node.node_id || actor.grant === undefined) continue;
    const restart = actor.detached || !ending.has(actor.job_id);
    endIncarnation(books, actor, { report, restart, gone: true, cause: text });
  }
  for (const job of jobs) {
    endJob(books, job, { reason: `its ${text} was lost`, report, cause: text });
  }
}

function loseBundles(books: Books, node: NodeRecord): void {
  for (const group of books.groups.values()) {
    if (!group.nodes.includes(node.node_id)) continue;
    const ledgers = books.bundle_ledgers.get(group.pg_id) ?? [];
    for (const [index, node_id] of group.nodes.entries()) {
      if (node_id !== node.node_id) continue;
      group.nodes[index] = "";
      group.grants[index] = null;
      ledgers[index] = null;
    }
    placeAnew(books, group);
  }
}

/** Has the bundles that lost their nodes placed again. */
export function placeAnew(books: Books, group: GroupRecord): void {
  if (group.state === "CREATED") {
    group.state = "RESCHEDULING";
    group.since = books.now;
    delete group.warned_at;
    books.enqueue(group.pg_id);
  }
  books.touch("groups", group.pg_id);
}

/** Fills in where it died, where the report does not say. */
function withPlace(books: Books, actor: ActorRecord, report: DeathReport): DeathReport {
  const node = books.nodes.get(actor.node_id);
  const devices = actor.grant?.gpus.map(([index]) => node?.gpu_ids[index] ?? String(index));
  return {
    at: books.now,
    who: actorText(actor),
    crew: crewOf({ pg_id: actor.pg?.pg_id, job_id: actor.job_id }),
    ...(node !== undefined && { node_id: node.node_id, node_ip: node.ip }),
    ...(actor.pid > 0 && { pid: actor.pid }),
    ...(devices !== undefined && devices.length > 0 && { devices }),
    ...report,
  };
}
