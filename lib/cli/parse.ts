/**
 * Reads arguments with `parseArgs` of `node:util`, and says what is wrong with them in the words of
 * this command line: an unknown flag is named together with the nearest known one. What a flag does
 * not say comes from its variable, else from the configuration file (`settings.ts`).
 */
import { parseArgs } from "node:util";
import { type Env, processEnv } from "../runtime/paths.ts";
import { UsageError } from "./command.ts";
import { type ConfigFile, processConfig } from "./config_file.ts";
import { nearest } from "./nearest.ts";
import { isSetting, type Setting, settingsIn, sourceText } from "./settings.ts";
import { truth, type ValueName } from "./value_types.ts";

/** A flag of a command. */
export interface Flag {
  /** `switch` takes no value; `text` takes one. */
  readonly kind: "switch" | "text";
  readonly short?: string;
  /** The variable that stands in where the flag is not given. */
  readonly env?: string;
  /** May be given several times. */
  readonly many?: boolean;
  /** The configuration file may say it, though no variable does. */
  readonly setting?: boolean;
  /** What its value may be, for the file and for completions. */
  readonly value?: ValueName;
  /** Not shown in help and completions. */
  readonly hidden?: boolean;
  /** Not for the command line, which every user of the machine can read; masked where it is shown. */
  readonly secret?: boolean;
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
  /** The command whose settings the file gives, by their variables; absent: its own. */
  readonly settingsOf?: { readonly table: string; readonly flags: Flags };
}

/** A flag's value: the last one given, or all where `many`. */
export type ValueOf<T extends Flag> = T extends { many: true } ? string[]
  : T extends { kind: "switch" } ? boolean
  : string | undefined;

/** A text and the flag, variable or line of the file that it came by. */
export interface Called {
  called: string;
  text: string;
}

/** Arguments that were read. */
export interface Parsed<F extends Flags> {
  values: { -readonly [K in keyof F]: ValueOf<F[K]> };
  /** How the value came in: `--num-gpus`, `BEAM_NUM_GPUS`, or `num-gpus in /etc/beam/config.toml:3`. */
  called(name: keyof F & string): string;
  /** Names of the flags that stood on the command line, in order. */
  given: (keyof F & string)[];
  positionals: string[];
  /** What a variable says, else the file's setting of that variable. */
  env: Env;
  /** The same with where it came from. */
  setting(variable: string): Called | undefined;
  /** What the file says, by the names that settings have there. */
  inFile: ReadonlyMap<string, Setting>;
}

/** Where variables and settings come from. */
export interface Sources {
  env?: Env;
  /** The configuration file; asked only by a command that has settings. */
  config?: () => ConfigFile | undefined;
}

/**
 * @throws {UsageError} for an unknown flag, a missing or superfluous value or argument, and a setting of
 * this command in the file that is none.
 */
export function parse<F extends Flags>(
  grammar: Grammar<F>,
  args: readonly string[],
  { env = processEnv, config = processConfig }: Sources = {},
): Parsed<F> {
  const { flags } = grammar;
  const { all, given, positionals } = onLine(grammar, args);
  const { table = grammar.program.replace(/^beam /, ""), flags: settingFlags = flags } =
    grammar.settingsOf ?? {};
  const hasSettings = Object.values(settingFlags).some(isSetting);
  const file = hasSettings || configOnLine(grammar, args) ? config() : undefined;
  const inFile = file ? settingsIn(file, table, settingFlags) : new Map<string, Setting>();
  const byVariable = new Map<string, Setting>();
  for (const [name, setting] of inFile) {
    const variable = settingFlags[name]?.env;
    if (variable) byVariable.set(variable, setting);
  }
  const fromFile = (name: string, flag: Flag) =>
    grammar.settingsOf ? flag.env ? byVariable.get(flag.env) : undefined : inFile.get(name);
  const values = Object.fromEntries(
    Object.entries(flags).map((
      [name, flag],
    ) => [name, valueOf(flag, all.get(name), env, fromFile(name, flag))]),
  );
  const called = (name: string) => {
    const flag = flags[name];
    if (all.has(name) || !flag) return `--${name}`;
    if (flag.env && env(flag.env)) return flag.env;
    const setting = fromFile(name, flag);
    return setting ? sourceText(setting) : `--${name}`;
  };
  const setting = (variable: string): Called | undefined => {
    const text = env(variable);
    if (text) return { called: variable, text };
    const found = byVariable.get(variable);
    return found && { called: sourceText(found), text: found.text };
  };
  return {
    values: values as Parsed<F>["values"],
    called,
    given,
    positionals,
    env: (variable) => env(variable) || byVariable.get(variable)?.text,
    setting,
    inFile,
  };
}

/** What stood on the command line; `no` for a switch that was taken back. */
function onLine<F extends Flags>(grammar: Grammar<F>, args: readonly string[]): {
  all: Map<string, string[]>;
  given: (keyof F & string)[];
  positionals: string[];
} {
  const { flags, program } = grammar;
  const all = new Map<string, string[]>();
  const given: (keyof F & string)[] = [];
  const positionals: string[] = [];
  const takesConfig = hasConfigFlag(grammar);
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      ...(takesConfig ? { config: { type: "string" as const } } : {}),
      ...Object.fromEntries(
        Object.entries(flags).map(([name, { kind, short }]) => [name, {
          type: kind === "switch" ? "boolean" as const : "string" as const,
          ...(short ? { short } : {}),
        }]),
      ),
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    const taken = takenBack(flags, token.name);
    if (taken !== undefined) {
      checkValue(grammar, flags[taken]!, token);
      given.push(taken);
      all.set(taken, ["no"]);
      continue;
    }
    if (!flag && takesConfig && token.name === "config") {
      checkValue(grammar, { kind: "text" }, token);
      continue; // read before: `loadConfig`
    }
    if (!flag) throw unknownFlag(grammar, token.rawName);
    if (flag.secret) throw secretOnLine(token.rawName, flag);
    checkValue(grammar, flag, token);
    given.push(token.name);
    const value = flag.kind === "switch" ? "yes" : token.value ?? "";
    all.set(token.name, flag.many ? [...all.get(token.name) ?? [], value] : [value]);
  }
  const most = grammar.positionals ?? 0;
  if (positionals.length > most) {
    throw new UsageError(
      `Cannot understand \`${positionals[most]}\`: ${program} takes ${countText(most)}`,
      `See ${program} --help.`,
    );
  }
  return { all, given, positionals };
}

/** Every command of beam takes `--config`; those of Ray take Ray's flags. */
function hasConfigFlag({ program, flags }: Grammar<Flags>): boolean {
  return program.startsWith("beam ") && !Object.hasOwn(flags, "config");
}

function configOnLine(grammar: Grammar<Flags>, args: readonly string[]): boolean {
  return hasConfigFlag(grammar) &&
    args.some((arg) => arg === "--config" || arg.startsWith("--config="));
}

/** The switch that `--no-…` takes back: one that a variable or the file may have set. */
function takenBack(flags: Flags, name: string): string | undefined {
  const positive = name.startsWith("no-") ? name.slice(3) : "";
  const flag = Object.hasOwn(flags, positive) ? flags[positive] : undefined;
  return flag?.kind === "switch" && isSetting(flag) && !Object.hasOwn(flags, name)
    ? positive
    : undefined;
}

function valueOf(
  flag: Flag,
  given: string[] | undefined,
  env: Env,
  inFile: Setting | undefined,
): unknown {
  const variable = flag.env ? env(flag.env) || undefined : undefined;
  if (flag.kind === "switch") {
    if (given) return given.at(-1) !== "no";
    return variable === undefined ? inFile?.text === "true" : truth(flag.env!, variable);
  }
  if (flag.many) return given ?? (variable === undefined ? inFile?.texts ?? [] : [variable]);
  return given?.at(-1) ?? variable ?? inFile?.text;
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

function secretOnLine(rawName: string, flag: Flag): UsageError {
  return new UsageError(
    `Cannot use ${rawName}: every user of this machine can read a command line`,
    `Use ${flag.env ?? "the configuration file"}, or ${rawName}-file FILE.`,
  );
}

function unknownFlag(grammar: Grammar<Flags>, rawName: string): UsageError {
  const known = Object.entries(grammar.flags).filter(([, flag]) => !flag.hidden && !flag.secret)
    .map(([name]) => `--${name}`);
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
