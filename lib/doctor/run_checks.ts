/** Runs checks side by side, each with a deadline. One that fails is told; the others go on. */
import { type Check, type CheckText, type Finding, finding, sorted } from "./check.ts";
import type { Facts } from "./facts.ts";
import { deadline, inTime } from "./in_time.ts";

/** How long one check may take, in milliseconds. */
export const CHECK_DEADLINE = 10_000;

/** What tells of checks, and of parts of the facts, that failed. */
export const UNFINISHED: CheckText = {
  code: "BD001",
  name: "doctor",
  severity: "warning",
  tells: "a check, or reading what it looks at, failed or took too long",
  explain:
    "The doctor reads files, asks the worker's interpreter and the vendor's command, each with a time " +
    "limit, and tells what it could not finish: the checks that needed it say nothing, which is not the " +
    "same as finding nothing wrong. A vendor's command that hangs is itself a symptom, as of a GPU that " +
    "fell off the bus.",
};

export interface RunOptions {
  /** Milliseconds for each check. */
  deadline?: number;
  signal?: AbortSignal;
}

/** What `checks` find in `facts`, the worst first. Never rejects for what a check does. */
export async function runChecks(
  checks: readonly Check[],
  facts: Facts,
  options: RunOptions = {},
): Promise<Finding[]> {
  const found = await Promise.all(checks.map((check) => runOne(check, facts, options)));
  return sorted([...facts.unread.map(unread), ...found.flat()].map((one) => of(facts, one)));
}

/** With the node that it is about. */
function of({ node }: Facts, one: Finding): Finding {
  return node === null ? one : { ...one, node_id: node.node_id, node: node.name };
}

async function runOne(check: Check, facts: Facts, options: RunOptions): Promise<Finding[]> {
  using until = deadline(options.deadline ?? CHECK_DEADLINE, options.signal);
  try {
    until.signal.throwIfAborted();
    return await inTime(Promise.try(() => check.run(facts, until.signal)), until.signal);
  } catch (error) {
    return [unfinished(`The check ${check.code} (${check.name})`, error)];
  }
}

function unread({ part, why }: Facts["unread"][number]): Finding {
  return unfinished(`Reading ${part}`, why);
}

/** That `what` could not be done. */
export function unfinished(what: string, why: unknown): Finding {
  const text = why instanceof Error ? why.message : String(why);
  return finding(UNFINISHED, "warning", {
    seen: `${what} failed: ${text.split("\n")[0]!.replace(/\.$/, "")}.`,
    breaks: "What it looks at is not known; the other checks are not affected.",
    mend: "Run `beam doctor` once more; if it stays, look at that part of the machine by hand.",
  });
}
