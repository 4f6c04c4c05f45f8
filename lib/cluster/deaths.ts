/**
 * The memory of deaths: the last ones that nobody asked for, and those that followed from them. It is
 * in the journal, because a head that was started again is asked above all what had happened before.
 */
import type { ActorRecord } from "./actors.ts";
import type { Books } from "./books.ts";
import type { DeathReport } from "./death.ts";
import { blaming, firstOf, followsBelated, isUnasked } from "./first_cause.ts";
import type { NodeRecord } from "./node.ts";

/** One death, of an incarnation of an actor or of a node. */
export interface DeathRecord {
  death_id: string;
  /** Grows with every death. */
  seq: number;
  /** When the head heard of it, in milliseconds since the epoch. */
  heard_at: number;
  of: "actor" | "task" | "node";
  /** Empty for a node. */
  actor_id: string;
  /** From 1; 0 for a node. */
  incarnation: number;
  class_name: string;
  name: string;
  job_id: string;
  /** Another incarnation was to follow. */
  restarted: boolean;
  report: DeathReport;
  /** The `death_id` of the death that came first, where this one followed. */
  first?: string;
}

/** How an incarnation ended, see `Ending`. */
export interface EndedActor {
  report: DeathReport;
  restarted: boolean;
  /** It ended itself on purpose. */
  meant: boolean;
  /** What it followed from, in words. */
  cause?: string | undefined;
}

/** Remembers the death of an actor's present incarnation. @returns its report, which names what came first */
export function noteDeath(books: Books, actor: ActorRecord, ended: EndedActor): DeathReport {
  const heard = { report: ended.report, heard_at: books.now };
  const known = [...books.deaths.values()];
  const first = firstOf(known, heard);
  const report = first ? blaming(ended.report, first.report) : ended.report;
  const cause = report.caused_by ?? ended.cause;
  const named = first ?? known.findLast((one) => one.report.who === cause);
  if (ended.meant || (!isUnasked(report) && named === undefined)) return report;
  const { actor_id, incarnation, kind = "actor", class_name, name, job_id } = actor;
  const record: DeathRecord = {
    death_id: `${actor_id}/${incarnation}`,
    seq: books.takeDeathSeq(),
    heard_at: books.now,
    of: kind,
    actor_id,
    incarnation,
    class_name,
    name,
    job_id,
    restarted: ended.restarted,
    report,
    ...(named && { first: named.first ?? named.death_id }),
  };
  forgetSameStart(books, known.findLast((one) => one.actor_id === actor_id), report);
  add(books, record);
  if (named === undefined || report.kind === "node") blameEarlier(books, record);
  return report;
}

/** Remembers the end of a node; what is on it follows. */
export function noteNode(books: Books, node: NodeRecord, report: DeathReport): void {
  add(books, {
    death_id: `node ${node.node_id}`,
    seq: books.takeDeathSeq(),
    heard_at: books.now,
    of: "node",
    actor_id: "",
    incarnation: 0,
    class_name: "",
    name: node.hostname,
    job_id: "",
    restarted: false,
    report,
  });
}

/** All, each first death followed by those that followed from it. */
export function deathsView(books: Books): DeathRecord[] {
  const firsts = [...books.deaths.values()].filter((one) => !leadOf(books, one));
  const followers = Map.groupBy(books.deaths.values(), (one) => leadOf(books, one)?.death_id);
  return firsts.flatMap((one) => [one, ...followers.get(one.death_id) ?? []]);
}

function leadOf(books: Books, { first }: DeathRecord): DeathRecord | undefined {
  return first === undefined ? undefined : books.deaths.get(first);
}

function add(books: Books, record: DeathRecord): void {
  books.deaths.set(record.death_id, record);
  books.touchDeath(record.death_id);
  for (const oldest of books.deaths.keys()) {
    if (books.deaths.size <= books.config.keep_deaths) return;
    books.deaths.delete(oldest);
    books.touchDeath(oldest);
  }
}

/** A worker that cannot be started is tried again and again: one death, told of once. */
function forgetSameStart(books: Books, last: DeathRecord | undefined, report: DeathReport): void {
  if (last?.report.kind !== "start" || report.kind !== "start") return;
  if (last.report.message !== report.message) return;
  books.deaths.delete(last.death_id);
  books.touchDeath(last.death_id);
}

/** Deaths that were told before this one and follow from it all the same. */
function blameEarlier(books: Books, first: DeathRecord): void {
  const { node_id, kind } = first.report;
  // A node is found to be lost long after its workers' peers have missed them.
  const node = kind === "node" ? books.nodes.get(node_id ?? "") : undefined;
  for (const early of books.deaths.values()) {
    if (early === first || !followsBelated(early, first, node?.last_seen)) continue;
    early.report = blaming(early.report, first.report);
    early.first = first.first ?? first.death_id;
    books.touchDeath(early.death_id);
    const actor = books.actors.get(early.actor_id);
    if (actor?.death === undefined || actor.death.at !== early.report.at) continue;
    actor.death = early.report;
    books.touch("actors", actor.actor_id, false);
  }
}
