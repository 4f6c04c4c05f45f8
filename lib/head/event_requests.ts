/** `query.events`, and the event by which a head says that it has started. */
import type { Fields, Reply } from "../wire/messages.ts";
import { MOST_EVENTS } from "./event_log.ts";
import type { HeadState } from "./state.ts";

/** The subject of questions that wait for the next event. */
export const EVENTS = "events";

/** Longest time that a question waits, in milliseconds: under that after which links of those who ask end. */
const LONGEST_WAIT = 25_000;

/** Where the answer goes, and with whom the question ends. */
export interface EventsAnswer {
  owner: object;
  give(fields: Reply<"query.events">, body: Uint8Array): void;
}

/** Answers now, or once something has happened. */
export function eventsOf(
  state: Pick<HeadState, "events" | "shell" | "brain">,
  { since, limit, wait_ms }: Fields<"query.events">,
  answer: EventsAnswer,
): void {
  const { events, shell, brain } = state;
  const most = Math.max(0, Math.min(limit, MOST_EVENTS));
  const give = () => {
    const found = typeof since === "number" ? events.since(since, most) : events.newest(most);
    const body = new TextEncoder().encode(JSON.stringify(found));
    answer.give({ count: found.length, last: events.last, epoch: brain.epoch }, body);
  };
  if (typeof since !== "number" || !wait_ms || wait_ms < 0) return give();
  shell.waiting.ask({
    subject: EVENTS,
    owner: answer.owner,
    check: () => {
      if (events.since(since, 1).length === 0) return false;
      give();
      return true;
    },
    late: { ms: Math.min(wait_ms, LONGEST_WAIT), answer: give },
  });
}

/** The head is there (again). */
export function sayStart({ events, brain }: HeadState, fault: string | undefined): void {
  const text = brain.epoch === 1
    ? "the head started"
    : `the head started again (start ${brain.epoch})`;
  events.add({ kind: "head.started", severity: brain.epoch === 1 ? "info" : "warning", text });
  if (fault !== undefined) events.add({ kind: "journal.failed", severity: "error", text: fault });
}
