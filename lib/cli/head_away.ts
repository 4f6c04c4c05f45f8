/** What is said where the head does not answer because this node has no link to it. */
import { Trouble } from "../runtime/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import { daemonInfo } from "./patience.ts";

/** In place of a timeout of a question: why the head is away, where this node's daemon knows. */
export async function whileAway(link: Link, error: unknown): Promise<unknown> {
  if (!(error instanceof Trouble && error.code === "timeout")) return error;
  try {
    return awayTrouble(await daemonInfo(link, { timeout: 1000 }), Date.now()) ?? error;
  } catch (fault) {
    return fault; // the daemon itself does not answer
  }
}

/** The trouble of a node without a head; undefined where it has one. */
export function awayTrouble(info: Reply<"daemon.info">, now: number): Trouble | undefined {
  if (info.connected || !info.away) return undefined;
  const { since, why, mend } = info.away as { since: number; why: string; mend?: string };
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  const where = mend ??
    (!info.is_head
      ? "The node on its machine starts it again by itself; look there with `beam status`."
      : info.head_pid === undefined
      ? "This node starts it again and again by itself; look into `beam logs head`."
      : `Its process ${info.head_pid} is there: \`kill -9 ${info.head_pid}\` has this node start another.`);
  return new Trouble(
    `Cannot ask the head at ${info.head_address}: it has been away for ${seconds} s (${
      why.replace(/\.$/, "")
    })`,
    `Workers, actors and their calls go on, and new work waits for it. ${where}`,
    { code: "timeout" },
  );
}
