/** Events for people, and which of them are wanted. Pure. */
import type { ClusterEvent } from "../head/event_log.ts";
import { oneLine, painted, paintOf } from "./terminal.ts";

/** Which events are wanted; all that is named must fit. */
export interface EventFilter {
  /** Milliseconds since the epoch. */
  since?: number | undefined;
  /** Ids, whole or their first letters. */
  node?: string | undefined;
  actor?: string | undefined;
  job?: string | undefined;
  /** `actor` or `actor.died`. */
  kind?: string | undefined;
}

/** True for an event that the filter lets through. */
export function isWanted(event: ClusterEvent, filter: EventFilter): boolean {
  const fits = (id: string | undefined, wanted: string | undefined) =>
    wanted === undefined || id?.startsWith(wanted) === true;
  const { kind, since } = filter;
  return (since === undefined || event.at >= since) &&
    (kind === undefined || event.kind === kind || event.kind.startsWith(`${kind}.`)) &&
    fits(event.node_id, filter.node) && fits(event.actor_id, filter.actor) &&
    fits(event.job_id, filter.job);
}

/** One line: when, what, and the sentence. What matters stands out in colour. */
export function eventLine({ at, kind, severity, text }: ClusterEvent, colour: boolean): string {
  const paint = paintOf(severity);
  const sentence = oneLine(text);
  const told = severity === "info" || !paint ? sentence : painted(sentence, paint, colour);
  return `${painted(timeText(at), "dim", colour)}  ${kind.padEnd(18)}  ${told}`;
}

/** `2026-11-21 16:31:50`, in this machine's time. */
export function timeText(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 19).replace("T", " ");
}
