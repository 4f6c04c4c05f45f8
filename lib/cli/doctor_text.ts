/** What the doctor found, as people read it. */
import { type CheckText, type Finding, SEVERITIES, type Severity } from "../doctor/check.ts";
import type { JoinTrial } from "./join_trial.ts";
import { table } from "./table.ts";
import { inColour, type Paint, painted, terminalWidth } from "./terminal.ts";

/** How it is shown; by default as standard output wants it. */
export interface DoctorLook {
  /** Longest line; Infinity: lines are not broken. */
  width?: number;
  colour?: boolean;
}

const PAINTS: Readonly<Record<Severity, Paint>> = { error: "red", warning: "yellow", info: "cyan" };
const INDENT = "  ";
const LABEL = 8;

/** Findings of one code with the same words are told once, with the nodes that have them. */
interface Told extends Finding {
  nodes: string[];
}

/** Every finding: what was seen, what it breaks, what mends it. */
export function findingsText(findings: readonly Finding[], look: DoctorLook = {}): string {
  const { width = terminalWidth(), colour = inColour() } = look;
  return merged(findings).map((one) => {
    const head = [
      painted(one.severity, PAINTS[one.severity], colour),
      painted(one.code, "bold", colour),
      one.check,
      ...(one.nodes.length > 0 ? [painted(`on ${one.nodes.join(", ")}`, "dim", colour)] : []),
    ].join("  ");
    const parts = [
      ...lines("", one.seen, width),
      ...lines("breaks", one.breaks, width),
      ...lines("mend", one.mend, width),
    ];
    return [head, ...parts.map((line) => inPaint(line, colour))].join("\n");
  }).join("\n\n");
}

/** `1 error and 2 warnings`; empty for none. */
export function countsText(findings: readonly Finding[]): string {
  const words = SEVERITIES.flatMap((severity) => {
    const count = findings.filter((one) => one.severity === severity).length;
    const noun = severity === "info" ? "note" : severity;
    return count === 0 ? [] : [`${count} ${noun}${count === 1 ? "" : "s"}`];
  });
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** The steps of a join that was tried. */
export function joinText({ address, steps, findings, local }: JoinTrial, look: DoctorLook = {}) {
  const { colour = inColour() } = look;
  const rows = steps.map(({ step, ok, text }) =>
    `${INDENT}${painted(ok ? "ok    " : "failed", ok ? "green" : "red", colour)}  ${
      step.padEnd(11)
    } ${text}`
  );
  const works = steps.every(({ ok }) => ok);
  const end = !works
    ? `A join of ${address} fails.`
    : `A join of ${address} works${
      findings.length > 0 ? ", but see below" : ""
    }: \`beam up --join ${address}\`. The node's address would be ${local}.`;
  return [`Trying a join of ${address}:`, ...rows, end].join("\n");
}

/** All checks, one a line. */
export function listText(checks: readonly CheckText[]): string {
  const rows = checks.map(({ code, name, severity, tells }) => [code, severity, name, tells]);
  return table(["CODE", "SEVERITY", "CHECK", "TELLS THAT"], rows);
}

/** Everything said of one check. */
export function explainText(check: CheckText, look: DoctorLook = {}): string {
  const { width = terminalWidth(), colour = inColour() } = look;
  const tells = `Told when ${check.tells}. At worst: ${check.severity}.`;
  return [
    `${painted(check.code, "bold", colour)}  ${check.name}`,
    ...[tells, check.explain].flatMap((text) => broken(text, width, "")).map((line) =>
      inPaint(line, colour)
    ),
  ].join("\n");
}

function merged(findings: readonly Finding[]): Told[] {
  const told = new Map<string, Told>();
  for (const one of findings) {
    const { code, severity, seen, mend } = one;
    const key = JSON.stringify([code, severity, seen, mend]);
    const same = told.get(key) ?? { ...one, nodes: [] };
    if (one.node !== undefined) same.nodes.push(one.node);
    told.set(key, same);
  }
  return [...told.values()];
}

function lines(label: string, text: string, width: number): string[] {
  if (label === "") return broken(text, width, INDENT);
  const first = `${INDENT}${label.padEnd(LABEL)}`;
  const [head = "", ...rest] = broken(text, width, " ".repeat(first.length));
  return [first + head.trimStart(), ...rest];
}

/** Breaks between words, never between backticks: a line that mends something is copied whole. */
function broken(text: string, width: number, indent: string): string[] {
  if (width === Infinity) return [indent + text];
  const found: string[] = [];
  let line = "";
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      found.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? found : [...found, indent + line];
}

/** What stands between backticks is to be typed. */
function inPaint(line: string, colour: boolean): string {
  return colour ? line.replace(/`[^`]*`/g, (typed) => painted(typed, "cyan", true)) : line;
}
