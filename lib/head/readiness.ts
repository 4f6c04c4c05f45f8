/** Whether the head takes new work, and if not why, in words. */
import { onHold } from "../cluster/scheduling.ts";
import type { HeadState } from "./state.ts";

/** The reasons why it does not; none: it does. */
export function unreadiness({ brain: { books }, shell: { journal } }: HeadState): string[] {
  const reasons: string[] = [];
  if (journal.failure !== undefined) {
    reasons.push(
      `The head cannot write its journal ${journal.path} (${journal.failure}): free space on that disk.`,
    );
  }
  if (onHold(books)) {
    const away = [...books.nodes.values()].filter((node) => node.state === "away");
    const shown = away.slice(0, 5).map((node) => node.ip).join(", ");
    const more = away.length > 5 ? ` and ${away.length - 5} more` : "";
    const left = Math.max(1, Math.ceil((books.hold_until - books.now) / 1000));
    reasons.push(
      `The head was started again and waits up to ${left} s more for nodes to come back: ` +
        `${shown}${more}.`,
    );
  }
  return reasons;
}
