/** What may stand in the place of the last word of a command line: pure but for what `live` asks. */
import type { Command } from "./command.ts";
import type { CommandRow } from "./command_table.ts";
import { firstSentence, optionCalled } from "./help_table.ts";
import type { Flag } from "./parse.ts";
import { isSetting } from "./settings.ts";
import type { ValueName } from "./value_types.ts";

/** A word that may stand there, and what it is. */
export interface Candidate {
  word: string;
  text?: string;
}

/** Names that only the cluster knows: nodes, actors and the like. */
export type LiveValues = (kind: string) => Promise<Candidate[]>;

/** Candidates for the last of `words`, which follow `beam` and may be empty. */
export async function candidates(
  words: readonly string[],
  rows: readonly CommandRow[],
  live: LiveValues,
): Promise<Candidate[]> {
  const last = words.at(-1) ?? "";
  const { row, rest } = commandIn(words.slice(0, -1), rows);
  // What follows belongs to another program.
  if (
    rest.includes("--") || (row?.words[0] === "run" && rest.some((word) => !word.startsWith("-")))
  ) {
    return [{ word: ":files" }];
  }
  const found = await candidatesOf({ row, rest, last }, rows, live);
  return found.filter(({ word }) => word.startsWith(":") || word.startsWith(last));
}

interface Place {
  row: CommandRow | undefined;
  rest: readonly string[];
  last: string;
}

async function candidatesOf(
  { row, rest, last }: Place,
  rows: readonly CommandRow[],
  live: LiveValues,
): Promise<Candidate[]> {
  const depth = row?.words.length ?? 0;
  const below = rows.filter(({ words }) =>
    words.length === depth + 1 && words.slice(0, depth).join(" ") === (row?.words.join(" ") ?? "")
  );
  if (!row && rest.length > 0) return [];
  if (!row || (below.length > 0 && rest.length === 0)) {
    if (last.startsWith("-")) return [{ word: "--help", text: "what there is" }];
    return below.map(({ words, help }) => ({ word: words.at(-1)!, text: firstSentence(help) }));
  }
  const assigned = /^(--[a-z][\w-]*)=/.exec(last);
  if (assigned) {
    const flag = flagCalled(row.command, assigned[1]!);
    return (await valuesOf(flag?.value ?? metavar(row, assigned[1]!), live)).map((one) =>
      one.word.startsWith(":") ? one : { ...one, word: `${assigned[0]}${one.word}` }
    );
  }
  const before = rest.at(-1) ?? "";
  const waiting = flagCalled(row.command, before);
  if (waiting?.kind === "text") return await valuesOf(waiting.value ?? metavar(row, before), live);
  if (last.startsWith("-")) return flagsOf(row, rest, last.startsWith("--no"));
  const takes = row.command.takes ?? [];
  const at = Math.min(argumentsIn(row.command, rest), takes.length - 1);
  const values = takes[at] ? await valuesOf(takes[at], live) : [];
  return values.length > 0 ? values : flagsOf(row, rest);
}

/** The longest command that `words` begin with, and the words after it. */
function commandIn(words: readonly string[], rows: readonly CommandRow[]): {
  row: CommandRow | undefined;
  rest: readonly string[];
} {
  let row: CommandRow | undefined;
  for (const one of rows) {
    if (one.words.every((word, at) => words[at] === word)) {
      if (!row || one.words.length > row.words.length) row = one;
    }
  }
  return { row, rest: words.slice(row?.words.length ?? 0) };
}

/** Every command of beam's own takes it. */
const CONFIG: Flag = { kind: "text", value: "file" };

function flagCalled(command: Command, word: string): Flag | undefined {
  if (!word.startsWith("-")) return undefined;
  if (word === "--config" && takesConfig(command)) return CONFIG;
  const entries = Object.entries(command.flags ?? {});
  return entries.find(([name, { short }]) => word === `--${name}` || word === `-${short}`)?.[1];
}

const takesConfig = ({ name, commands }: Command) =>
  name.startsWith("beam ") && name !== "beam run" && !commands;

/** Flags that are not there yet, with their texts from the help. */
function flagsOf(
  { command, help }: CommandRow,
  rest: readonly string[],
  takingBack = false,
): Candidate[] {
  const found: Candidate[] = [];
  for (const [name, flag] of Object.entries(command.flags ?? {})) {
    if (flag.hidden || flag.secret) continue;
    const text = optionCalled(help, `--${name}`)?.text;
    const isGiven = rest.some((word) =>
      word === `--${name}` || word.startsWith(`--${name}=`) || word === `-${flag.short}`
    );
    if (!isGiven || flag.many) found.push({ word: `--${name}`, ...(text ? { text } : {}) });
    if (takingBack && flag.kind === "switch" && isSetting(flag) && !isGiven) {
      found.push({ word: `--no-${name}`, text: `not --${name}` });
    }
  }
  if (takesConfig(command) && !rest.includes("--config")) {
    found.push({ word: "--config", text: "settings from this file" });
  }
  return [...found, { word: "--help", text: "what there is" }];
}

/** How many arguments that are no flags and no values of flags. */
function argumentsIn(command: Command, rest: readonly string[]): number {
  let count = 0;
  for (let at = 0; at < rest.length; at++) {
    if (!rest[at]!.startsWith("-")) count++;
    else if (flagCalled(command, rest[at]!)?.kind === "text") at++;
  }
  return count;
}

/** What a value is, where the flag itself does not say: by what stands for it in the help. */
function metavar({ help }: CommandRow, name: string): ValueName | undefined {
  switch (optionCalled(help, name)?.value) {
    case "FILE":
      return "file";
    case "DIR":
      return "folder";
    case "NODE":
      return "node";
    case "ACTOR":
      return "actor";
    case "JOB":
      return "job";
    case "BOOL":
      return "truth";
    default:
      return undefined;
  }
}

async function valuesOf(value: ValueName | undefined, live: LiveValues): Promise<Candidate[]> {
  if (value === undefined) return [];
  if (typeof value !== "string") return value.map((word) => ({ word }));
  switch (value) {
    case "file":
      return [{ word: ":files" }];
    case "folder":
      return [{ word: ":folders" }];
    case "truth":
      return [{ word: "true" }, { word: "false" }];
    case "node":
    case "actor":
    case "group":
    case "job":
    case "token":
      return await live(value);
    default:
      return [];
  }
}
