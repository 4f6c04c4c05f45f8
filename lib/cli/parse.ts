/**
 * Reads arguments with `parseArgs` of `node:util`, and says what is wrong with them in the words of
 * this command line: an unknown flag is named together with the nearest known one.
 */
import { parseArgs } from "node:util";
import { type Env, processEnv } from "../runtime/paths.ts";
import { UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";

/** A flag of a command. */
export interface Flag {
  /** `switch` takes no value; `text` takes one. */
  readonly kind: "switch" | "text";
  readonly short?: string;
  /** The variable that stands in where the flag is not given. */
  readonly env?: string;
  /** May be given several times. */
  readonly many?: boolean;
}

/** Flags by name, without dashes. */
export type Flags = Readonly<Record<string, Flag>>;

/** What a command takes. */
export interface Grammar<F extends Flags> {
  /** As it is called: `beam up`. */
  readonly program: string;
  readonly flags: F;
  /** Most arguments that are no flags; none where absent. */
  readonly positionals?: number;
}

/** A flag's value: the last one given, or all where `many`. */
export type ValueOf<T extends Flag> = T extends { many: true } ? string[]
  : T extends { kind: "switch" } ? boolean
  : string | undefined;

/** Arguments that were read. */
export interface Parsed<F extends Flags> {
  values: { -readonly [K in keyof F]: ValueOf<F[K]> };
  /** How the value came in: `--num-gpus` or `BEAM_NUM_GPUS`. */
  called(name: keyof F & string): string;
  /** Names of the flags that stood on the command line, in order. */
  given: (keyof F & string)[];
  positionals: string[];
}

/** @throws {UsageError} for an unknown flag, a missing or superfluous value or argument. */
export function parse<F extends Flags>(
  grammar: Grammar<F>,
  args: readonly string[],
  env: Env = processEnv,
): Parsed<F> {
  const { flags, program } = grammar;
  const all = new Map<string, string[]>();
  const given: (keyof F & string)[] = [];
  const positionals: string[] = [];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { kind, short }]) => [name, {
        type: kind === "switch" ? "boolean" as const : "string" as const,
        ...(short ? { short } : {}),
      }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (!flag) throw unknownFlag(grammar, token.rawName);
    checkValue(grammar, flag, token);
    given.push(token.name);
    all.set(token.name, [...all.get(token.name) ?? [], token.value ?? ""]);
  }
  const most = grammar.positionals ?? 0;
  if (positionals.length > most) {
    throw new UsageError(
      `Cannot understand \`${positionals[most]}\`: ${program} takes ${countText(most)}`,
      `See ${program} --help.`,
    );
  }
  const values = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, valueOf(flag, all.get(name), env)]),
  );
  const called = (name: string) => {
    const variable = flags[name]?.env;
    return all.has(name) || !variable ? `--${name}` : variable;
  };
  return { values: values as Parsed<F>["values"], called, given, positionals };
}

function valueOf(flag: Flag, given: string[] | undefined, env: Env): unknown {
  if (flag.kind === "switch") return given !== undefined;
  if (flag.many) return given ?? [];
  return given?.at(-1) ?? (flag.env ? env(flag.env) || undefined : undefined);
}

interface OptionToken {
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function checkValue(grammar: Grammar<Flags>, flag: Flag, token: OptionToken): void {
  const { rawName, value, inlineValue } = token;
  const mend = `See ${grammar.program} --help.`;
  if (flag.kind === "switch") {
    if (!inlineValue) return;
    throw new UsageError(`Cannot use ${rawName}=${value}: ${rawName} takes no value`, mend);
  }
  // What looks like the next flag is one: `--num-gpus --head` lacks a value. `-1` is a number.
  if (value === undefined || (!inlineValue && /^-[^\d.]/.test(value))) {
    throw new UsageError(`Cannot use ${rawName}: it needs a value`, mend);
  }
}

function unknownFlag(grammar: Grammar<Flags>, rawName: string): UsageError {
  const known = Object.keys(grammar.flags).map((name) => `--${name}`);
  const near = nearest(rawName, known);
  return new UsageError(
    `Cannot use ${rawName}: ${grammar.program} has no such flag`,
    near
      ? `Did you mean ${near}? See ${grammar.program} --help.`
      : `See ${grammar.program} --help.`,
  );
}

function countText(count: number): string {
  return count === 0
    ? "no arguments but flags"
    : count === 1
    ? "one argument"
    : `${count} arguments`;
}
