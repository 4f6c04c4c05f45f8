/** What somebody who looks at the cluster should know: what is not well now, and what went wrong lately. */
import { nodeText } from "../cluster/node.ts";
import { onHold } from "../cluster/scheduling.ts";
import type { ClusterEvent } from "./event_log.ts";
import type { HeadState } from "./state.ts";

/** How far back `recent` goes, in milliseconds. */
const RECENT_MS = 10 * 60_000;
/** Most events in `recent`: the newest. */
const MOST_RECENT = 20;

/** Sentences on what is not well at this moment. */
export function warningsOf(state: HeadState): string[] {
  const { shell, brain, clock } = state;
  const { books } = brain;
  const { failure, path } = shell.journal;
  const found: string[] = [];
  if (failure !== undefined) {
    found.push(
      `The head cannot write its journal ${path} (${failure}): it takes no new work until it can.`,
    );
  }
  if (onHold(books)) {
    const left = Math.max(1, Math.ceil((books.hold_until - clock.now()) / 1000));
    found.push(
      `The head has started again: it grants nothing for up to ${left} s, until all nodes are back.`,
    );
  }
  for (const node of books.nodes.values()) {
    if (node.state === "suspect" || node.state === "away") {
      const why = node.link_lost_reason ?? "nothing is heard from it";
      found.push(`Node ${nodeText(node)} is out of contact: ${why}.`);
    }
    const notes = (node.extra as { notes?: unknown } | undefined)?.notes;
    if (node.state === "dead" || !Array.isArray(notes)) continue;
    for (const note of notes) found.push(`Node ${nodeText(node)}: ${String(note)}`);
  }
  return found;
}

/** The newest events that are warnings or errors, the oldest first; not what the doctor finds no more. */
export function recentTrouble({ events, clock, doctor }: HeadState): ClusterEvent[] {
  const from = clock.now() - RECENT_MS;
  const found = doctor.last()?.findings ?? [];
  const isOver = ({ kind, text, node_id }: ClusterEvent) =>
    kind === "doctor.found" &&
    !found.some((one) => one.node_id === node_id && text.startsWith(one.code));
  return events.since(0)
    .filter((event) => event.severity !== "info" && event.at >= from && !isOver(event))
    .slice(-MOST_RECENT);
}
