/** Questions to the head and to daemons: who waits for long is told what for, and none waits for ever. */
import { Trouble } from "../runtime/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import { say } from "./output.ts";

/** After how long it is said what is waited for, in milliseconds. */
const QUIET_MS = 3000;
/** How long a daemon may take to tell of itself, in milliseconds. */
const INFO_TIMEOUT = 5000;

/** How long an answer is waited for. */
export interface Patience {
  /** In milliseconds. */
  timeout: number;
  /** Nothing is said meanwhile: a screen is drawn, or the answer is meant to take its time. */
  quiet?: boolean | undefined;
  /** Who is asked: the head, unless something else is said. */
  whom?: string;
}

/**
 * What `ask` answers.
 * @throws {Trouble} with code `timeout` where that takes longer
 */
export async function patiently<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { timeout, quiet = false, whom = "the head" }: Patience,
): Promise<T> {
  const text = `Waiting for ${whom}: it has not answered for ${QUIET_MS / 1000} s.`;
  const answer = () => ask(AbortSignal.timeout(timeout));
  try {
    return await (quiet ? answer() : saying(text, answer));
  } catch (error) {
    throw inTime(error, timeout, whom);
  }
}

/** What `work` returns; `text` is said where that takes long. */
export async function saying<T>(text: string, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => say(text), QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** In place of an error of a question: where time was up, one that says so. */
export function inTime(error: unknown, timeout: number, whom = "the head"): unknown {
  if (!(error instanceof DOMException)) return error;
  return new Trouble(
    `Cannot ask ${whom}: it has not answered within ${timeout / 1000} s`,
    "Look whether its machine is up and reachable, and into the daemon's log (`beam logs daemon`).",
    { code: "timeout", cause: error },
  );
}

/**
 * What the daemon behind `link` tells of itself, which it always can.
 * @throws {Trouble} with code `timeout` where it stands still
 */
export async function daemonInfo(
  link: Link,
  { timeout = INFO_TIMEOUT, quiet }: Partial<Patience> = {},
): Promise<Reply<"daemon.info">> {
  const whom = "the node's daemon";
  try {
    const ask = (signal: AbortSignal) => link.request({ kind: "daemon.info" }, { signal });
    return (await patiently(ask, { timeout, quiet, whom })).fields;
  } catch (error) {
    if (!(error instanceof Trouble && error.code === "timeout")) throw error;
    throw new Trouble(
      error.message,
      "It was stopped, or is stuck in the kernel: `ps x -o pid,stat,wchan,args` shows its process; " +
        "`beam down --force` ends the node.",
      { code: "timeout", cause: error },
    );
  }
}
