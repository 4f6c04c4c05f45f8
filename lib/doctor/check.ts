/**
 * What a check of the doctor is, and what it finds. A check is pure: it looks at facts that were read
 * before, of one machine, so that a test can hold made-up ones.
 *
 * Codes are for good: one that is no longer told is not given to another check. BD001 to BD049 look at
 * one node, BD050 to BD099 at a cluster.
 */
import { shown } from "../wire/shown.ts";
import type { Facts } from "./facts.ts";

/** `error`: what is asked of beam cannot work. `warning`: it will break or be slow in some use. `info`: good to know. */
export type Severity = "error" | "warning" | "info";

/** Severities, the worst first. */
export const SEVERITIES = ["error", "warning", "info"] as const satisfies readonly Severity[];

/** One thing that was found. Each text is a sentence or two without a line break. */
export interface Finding {
  /** `BD012`. */
  code: string;
  /** The check's name: `host-name`. */
  check: string;
  severity: Severity;
  /** The node it is about, where that is known; none where it is about this machine before `beam up`. */
  node_id?: string;
  /** That node's name, as people know it. */
  node?: string;
  /** What was seen, with the value. */
  seen: string;
  /** What it breaks, or will. */
  breaks: string;
  /** What mends it: the exact line, where there is one, stands between backticks. */
  mend: string;
}

/** What is said of a check in `docs/doctor.md` and by `beam doctor --explain`. */
export interface CheckText {
  code: string;
  /** In lower case, with hyphens. */
  name: string;
  /** The worst that it tells. */
  severity: Severity;
  /** One phrase: when it tells something. */
  tells: string;
  /** Why that matters, and how to look by hand; some sentences. */
  explain: string;
}

/** A check of one machine. */
export interface Check extends CheckText {
  /** Nothing found: an empty list. What it throws is told as a finding of its own. */
  run(facts: Facts, signal: AbortSignal): Promise<Finding[]> | Finding[];
}

/**
 * A finding of `check`. What others may name (a process, a file, a variable) gets no control characters
 * onto anybody's terminal.
 */
export function finding(
  check: Pick<CheckText, "code" | "name">,
  severity: Severity,
  texts: Pick<Finding, "seen" | "breaks" | "mend">,
): Finding {
  const [seen, breaks, mend] = [texts.seen, texts.breaks, texts.mend].map((text) =>
    shown(text, LONGEST)
  ) as [string, string, string];
  return { code: check.code, check: check.name, severity, seen, breaks, mend };
}

/** In characters. */
const LONGEST = 2000;

/** True where `severity` is at least as bad as `floor`. */
export function isAtLeast(severity: Severity, floor: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(floor);
}

/** The worst first; of one severity by code. Equal findings of one node are told once. */
export function sorted(findings: readonly Finding[]): Finding[] {
  const told = new Map(findings.map((one) => [JSON.stringify(one), one]));
  return [...told.values()].sort((a, b) =>
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    a.code.localeCompare(b.code) || (a.node ?? "").localeCompare(b.node ?? "")
  );
}
