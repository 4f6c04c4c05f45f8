/**
 * Whether the head takes new work, and if not why, in words. They are told to who has no token too: no address
 * and no path is among them.
 */
import { onHold } from "../cluster/scheduling.ts";
import type { HeadState } from "./state.ts";

/** The reasons why it does not; none: it does. */
export function unreadiness({ brain: { books }, shell: { journal } }: HeadState): string[] {
  const reasons: string[] = [];
  if (journal.failure !== undefined) {
    reasons.push(
      `The head cannot write its journal (${journal.failure}): free space on the disk of its runtime ` +
        "directory.",
    );
  }
  if (onHold(books)) {
    const away = [...books.nodes.values()].filter((node) => node.state === "away");
    const left = Math.max(1, Math.ceil((books.hold_until - books.now) / 1000));
    reasons.push(
      `The head was started again and waits up to ${left} s more for ${away.length} ` +
        `${away.length === 1 ? "node" : "nodes"} to come back.`,
    );
  }
  return reasons;
}
