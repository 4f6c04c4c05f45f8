/**
 * The journal's rows: what a restarted head must know. A row is the record itself; the shell
 * serialises it before it returns to the event loop. `nodes`, `jobs`, `actors`, `groups` and
 * `deaths` are keyed by id; `meta` holds `epoch` and `next_job`.
 */
import type { ActorRecord } from "./actors.ts";
import type { Books } from "./books.ts";
import type { DeathRecord } from "./deaths.ts";
import type { Table } from "./effects.ts";
import type { GroupRecord } from "./groups.ts";
import type { JobRecord } from "./jobs.ts";
import type { NodeRecord } from "./node.ts";

/** A row as it was persisted. */
export interface Row {
  table: Table;
  id: string;
  row: unknown;
}

/** The row to write, null where the record is gone. */
export function rowOf(books: Books, table: Table, id: string): unknown {
  if (table === "meta") return id === "epoch" ? books.epoch : books.next_job;
  return books[table].get(id) ?? null;
}

/**
 * Fills empty books from the journal of an earlier head: its epoch ends, its nodes are `away`, and
 * nothing is granted until they are back or the hold time is over.
 */
export function loadRows(books: Books, rows: Iterable<Row>, now: number): void {
  let before = 0;
  for (const { table, id, row } of rows) {
    if (row === null) continue;
    // A head that began without a journal writes no epoch until its first row: that was epoch 1.
    before = Math.max(before, 1);
    if (table === "nodes") books.nodes.set(id, row as NodeRecord);
    else if (table === "jobs") books.jobs.set(id, row as JobRecord);
    else if (table === "actors") books.actors.set(id, row as ActorRecord);
    else if (table === "groups") books.groups.set(id, row as GroupRecord);
    else if (table === "deaths") books.deaths.set(id, row as DeathRecord);
    else if (id === "epoch") before = Math.max(before, Number(row));
    else if (id === "next_job") books.next_job = Number(row);
  }
  books.epoch = before + 1;
  sortByTime(books.nodes, (node) => node.joined_at);
  sortByTime(books.jobs, (job) => job.start);
  sortByTime(books.actors, (actor) => actor.created_at);
  sortByTime(books.groups, (group) => group.requested_at);
  sortByTime(books.deaths, (death) => death.seq);
  books.next_death = 1 + Math.max(0, ...[...books.deaths.values()].map((death) => death.seq));
  for (const node of books.nodes.values()) {
    if (node.state === "dead") continue;
    node.state = "away";
    node.last_seen = now;
    delete node.link_lost_at;
    delete node.link_lost_reason;
  }
  notAhead(books, now);
  const seqs = [...books.actors.values(), ...books.groups.values()].map((one) => one.seq);
  books.next_seq = seqs.reduce((most, seq) => Math.max(most, seq), 0) + 1;
  books.now = now;
  books.last_tick = now;
  books.hold_until = now + books.config.restart_hold_ms;
  books.touchMeta("epoch");
  books.rebuild();
}

/**
 * The clock may have been set back while no head ran: nobody waits until it is where it was, and
 * what was warned of then may be warned of again.
 */
function notAhead(books: Books, now: number): void {
  const { start_retry_most_ms } = books.config;
  for (const actor of books.actors.values()) {
    actor.not_before = Math.min(actor.not_before, now + start_retry_most_ms);
    for (const leaving of actor.leaving) leaving.since = Math.min(leaving.since, now);
  }
  for (const one of [...books.actors.values(), ...books.groups.values()]) {
    one.since = Math.min(one.since, now);
    if (one.warned_at !== undefined && one.warned_at > now) delete one.warned_at;
  }
}

/** A journal gives rows back in the order of ids; the order of arrival is what the brain goes by. */
function sortByTime<T>(records: Map<string, T>, timeOf: (record: T) => number): void {
  const sorted = [...records].sort(([, a], [, b]) => timeOf(a) - timeOf(b));
  records.clear();
  for (const [id, record] of sorted) records.set(id, record);
}
