/**
 * What has happened in the cluster, in order: the last {@link MOST_EVENTS} in memory, the last
 * {@link KEPT_EVENTS} in the journal, so that a restarted head still tells what went before.
 */
import type { Clock } from "../runtime/clock.ts";

/** So many are remembered. */
export const MOST_EVENTS = 10_000;
/** So many outlive the head. */
export const KEPT_EVENTS = 1000;

/** What kinds of events there are. The part before the dot says what it is about. */
export type EventKind =
  | "head.started"
  | "journal.failed"
  | "journal.mended"
  | "node.joined"
  | "node.suspect"
  | "node.back"
  | "node.draining"
  | "node.undrained"
  | "node.dead"
  | "job.started"
  | "job.ended"
  | "group.created"
  | "group.waiting"
  | "group.ready"
  | "group.rescheduling"
  | "group.removed"
  | "actor.created"
  | "actor.waiting"
  | "actor.alive"
  | "actor.restarting"
  | "actor.died"
  | "task.died"
  | "token.created"
  | "token.revoked"
  | "token.rotated"
  | "doctor.found"
  | "doctor.mended";

/** How much it matters: `warning` is something to look at, `error` is something that was lost. */
export type EventSeverity = "info" | "warning" | "error";

/** One thing that happened. The field names go over the wire and into `--json` unchanged. */
export interface ClusterEvent {
  /** Grows with every event, over restarts of the head too. */
  seq: number;
  /** Milliseconds since the epoch. */
  at: number;
  kind: EventKind;
  severity: EventSeverity;
  /** One sentence or more, for people. */
  text: string;
  node_id?: string;
  actor_id?: string;
  pg_id?: string;
  job_id?: string;
}

/** An event before it has its place in the order. */
export type NewEvent = Omit<ClusterEvent, "seq" | "at">;

/** Where the last events are kept; the head's journal. */
export interface EventStore {
  records(table: "events"): unknown[];
  putRecord(table: "events", id: string, row: unknown): void;
}

/** See the top of this file. */
export class EventLog {
  /** In order; the oldest are dropped. */
  #events: ClusterEvent[] = [];
  #listeners = new Set<(event: ClusterEvent) => void>();
  #last = 0;

  /** Takes up what the last head has left in the journal. */
  constructor(readonly store: EventStore, readonly clock: Pick<Clock, "now">) {
    const kept = store.records("events") as ClusterEvent[];
    this.#events = kept.sort((a, b) => a.seq - b.seq);
    const newest = this.#events.at(-1);
    // Beyond those that may have been told of and had not reached the journal.
    if (newest) this.#last = newest.seq + KEPT_EVENTS;
  }

  /** The number of the newest one; 0 where there is none. */
  get last(): number {
    return this.#last;
  }

  /** Remembers it, and tells those who watch. */
  add(happened: NewEvent): ClusterEvent {
    const event: ClusterEvent = { seq: ++this.#last, at: this.clock.now(), ...happened };
    this.#events.push(event);
    // In one go now and then: to drop one at a time would move all others each time.
    if (this.#events.length > MOST_EVENTS * 1.1) this.#events = this.#events.slice(-MOST_EVENTS);
    this.store.putRecord("events", String(event.seq % KEPT_EVENTS), event);
    for (const listener of this.#listeners) listener(event);
    return event;
  }

  /**
   * Those after `seq`, the oldest first, at most `limit`. A number that was never given is of a head
   * whose journal is lost: then from the oldest one on.
   */
  since(seq: number, limit = MOST_EVENTS): ClusterEvent[] {
    const known = this.#events.slice(-MOST_EVENTS);
    const from = seq > this.#last ? 0 : known.findIndex((event) => event.seq > seq);
    return from < 0 ? [] : known.slice(from, from + limit);
  }

  /** The newest ones, at most `limit`, the oldest of them first. */
  newest(limit: number): ClusterEvent[] {
    return limit > 0 ? this.#events.slice(-Math.min(limit, MOST_EVENTS)) : [];
  }

  /** Calls `listener` with every further event. @returns ends that */
  watch(listener: (event: ClusterEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
