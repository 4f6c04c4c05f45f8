/**
 * The configuration file: one file in TOML, with a table for each command. It is read once, when a
 * command starts; which settings there are, and what they may be, the command's flags say (`parse.ts`).
 */
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { type Env, processEnv, reasonOf } from "../runtime/paths.ts";
import { UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";

/** A value in the file, and where it stands. */
export interface FileValue {
  value: unknown;
  /** `/etc/beam/config.toml:12`. */
  at: string;
}

/** What a file says, by table and key. */
export interface ConfigFile {
  path: string;
  /** Permission bits of the file. */
  mode: number;
  tables: ReadonlyMap<string, ReadonlyMap<string, FileValue>>;
  /** Where each table begins. */
  places: ReadonlyMap<string, string>;
}

/** Where the file for the whole machine is. */
export const MACHINE_FILE = "/etc/beam/config.toml";
/** No configuration is as long as that. */
const LONGEST = 1 << 20;

/** This process's file, or why it cannot be used. */
let current: ConfigFile | UsageError | undefined;

/** The file of this process. @throws {UsageError} where it cannot be used */
export function processConfig(): ConfigFile | undefined {
  if (current instanceof UsageError) throw current;
  return current;
}

/** Reads this process's file. What is wrong with it is told to who needs a setting. */
export async function loadConfig(
  args: readonly string[],
  tables: readonly string[],
  env: Env = processEnv,
): Promise<void> {
  try {
    const path = configPath(configFlag(args), env);
    current = path === undefined ? undefined : await readConfig(path);
    if (current) checkTables(current, tables);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    current = error;
  }
}

/** @throws {UsageError} for a table that belongs to no command */
export function checkTables({ places }: ConfigFile, tables: readonly string[]): void {
  for (const [name, at] of places) {
    if (tables.includes(name)) continue;
    const near = nearest(name, tables);
    throw new UsageError(
      `Cannot use [${name}] in ${at}: no command of that name has settings`,
      near
        ? `Did you mean [${near}]?`
        : `Tables are ${tables.map((one) => `[${one}]`).join(", ")}.`,
    );
  }
}

/** The value of `--config` among arguments, up to `--`; the last one counts. */
export function configFlag(args: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const [at, arg] of args.entries()) {
    if (arg === "--") break;
    if (arg === "--config") found = args[at + 1] ?? "";
    else if (arg.startsWith("--config=")) found = arg.slice("--config=".length);
  }
  return found;
}

/** The file that is to be read: one that was named must be there, of the others the first that is. */
export function configPath(flag: string | undefined, env: Env = processEnv): string | undefined {
  const named = flag ?? (env("BEAM_CONFIG") || undefined);
  if (named !== undefined) {
    if (named !== "" && !named.startsWith("-")) return resolve(named);
    throw new UsageError(
      "Cannot use --config: it needs the name of a file",
      "Use --config FILE, such as --config /etc/beam/config.toml.",
    );
  }
  return configPlaces(env).find(isThere);
}

/** Where a file is looked for when none is named, in order. */
export function configPlaces(env: Env = processEnv): string[] {
  const xdg = env("XDG_CONFIG_HOME");
  const own = xdg && isAbsolute(xdg) ? xdg : join(env("HOME") || homedir(), ".config");
  return [join(own, "beam", "config.toml"), MACHINE_FILE];
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    // What cannot be looked at is there: that is told, instead of going on without it.
    return !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory);
  }
}

/** @throws {UsageError} where the file cannot be read, may be changed by others, or is no TOML */
export async function readConfig(path: string): Promise<ConfigFile> {
  let text: string;
  let mode: number;
  try {
    const info = await Deno.stat(path);
    if (info.isDirectory) throw new Error("it is a folder");
    if (info.size > LONGEST) throw new Error(`it has more than ${LONGEST} bytes`);
    mode = (info.mode ?? 0) & 0o777;
    // A device such as /dev/null, by which somebody says that there is no file, may be all's.
    if (info.isFile && (mode & 0o002) !== 0) {
      throw new UsageError(
        `Cannot use the configuration ${path}: everybody may change it (its mode is ${
          mode.toString(8)
        }), and it says what is run`,
        `\`chmod o-w ${path}\`.`,
      );
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `Cannot read the configuration ${path}: ${reasonOf(error)}`,
      "Name another file with --config or BEAM_CONFIG, or make this one readable.",
    );
  }
  return { path, mode, ...await tablesOf(path, text) };
}

/** The tables of a file's text. @throws {UsageError} naming the line where it is none */
export async function tablesOf(
  path: string,
  text: string,
): Promise<Pick<ConfigFile, "tables" | "places">> {
  const { parseTOML, getStaticTOMLValue } = await import("toml");
  let program: ReturnType<typeof parseTOML>;
  let values: Record<string, unknown>;
  try {
    program = parseTOML(text);
    values = getStaticTOMLValue(program);
  } catch (error) {
    throw notToml(path, error as Error & { lineNumber?: number; column?: number });
  }
  const [{ body }] = program.body;
  /** The first line of each table, and of each key under its table's name and its own. */
  const places = new Map<string, string>();
  const lines = new Map<string, string>();
  const note = (keys: readonly string[], line: number) => {
    const [table = "", key] = keys;
    const at = `${path}:${line}`;
    if (!places.has(table)) places.set(table, at);
    if (key !== undefined && !lines.has(`${table}.${key}`)) lines.set(`${table}.${key}`, at);
  };
  for (const node of body) {
    const isTable = node.type === "TOMLTable";
    const above = isTable ? namesOf(node.key) : [];
    if (isTable) note(above, node.loc.start.line);
    for (const entry of isTable ? node.body : [node]) {
      note([...above, ...namesOf(entry.key)], entry.loc.start.line);
    }
  }
  const tables = new Map<string, Map<string, FileValue>>();
  for (const [table, settings] of Object.entries(values)) {
    const at = places.get(table) ?? path;
    if (Array.isArray(settings)) throw listOfTables(table, at);
    if (typeof settings !== "object" || settings === null || settings instanceof Date) {
      throw notInTable(table, at);
    }
    const found = Object.entries(settings as Record<string, unknown>).map(([key, value]) =>
      [key, { value, at: lines.get(`${table}.${key}`) ?? at }] as const
    );
    tables.set(table, new Map(found));
  }
  return { tables, places };
}

/** A key of one or more parts, as the parser has it. */
interface KeyNode {
  keys: readonly ({ name: string } | { value: unknown })[];
}

const namesOf = ({ keys }: KeyNode) =>
  keys.map((part) => "name" in part ? part.name : String(part.value));

function notToml(
  path: string,
  { message, lineNumber, column }: Error & { lineNumber?: number; column?: number },
): UsageError {
  const where = lineNumber === undefined ? path : `${path}:${lineNumber}`;
  const place = lineNumber === undefined ? "" : ` (column ${(column ?? 0) + 1})`;
  return new UsageError(
    `Cannot read ${where}: ${message}${place}`,
    "It must be TOML: `[up]`, then lines such as `num-gpus = 8`; `beam config --example` prints a file.",
  );
}

function notInTable(key: string, at: string): UsageError {
  return new UsageError(
    `Cannot use ${key} in ${at}: it stands in no table, and each setting belongs to a command`,
    "Put it below the line of its command, such as [up]; `beam config --example` prints a file.",
  );
}

function listOfTables(name: string, at: string): UsageError {
  return new UsageError(
    `Cannot use [[${name}]] in ${at}: there are no lists of tables`,
    `Write [${name}] instead.`,
  );
}

/** A file's name in the configuration: seen from the folder of that; `~/` is the home. */
export function fileNamed(name: string, at: string, env: Env = processEnv): string {
  if (name.startsWith("~/")) return join(env("HOME") || homedir(), name.slice(2));
  return resolve(dirname(at), name);
}
