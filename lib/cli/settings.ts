/**
 * Settings: what the configuration file may say in place of a flag or a variable, under the flag's name
 * in the table of its command.
 */
import { UsageError } from "./command.ts";
import { type ConfigFile, fileNamed, type FileValue } from "./config_file.ts";
import { nearest } from "./nearest.ts";
import type { Flag, Flags } from "./parse.ts";
import { type TomlKind, VALUE_TYPES, valueType } from "./value_types.ts";

/** A setting in the file. */
export interface Setting {
  name: string;
  /** As the flag would have it. */
  text: string;
  /** Several, for a flag that may be given several times. */
  texts: string[];
  /** `/etc/beam/config.toml:12`. */
  at: string;
}

/** True for a flag that the file may say. */
export function isSetting(flag: Flag): boolean {
  return !flag.hidden && (flag.env !== undefined || flag.setting === true);
}

/** Names of a command's settings. */
export function settingNames(flags: Flags): string[] {
  return Object.entries(flags).filter(([, flag]) => isSetting(flag)).map(([name]) => name);
}

/** As a sentence names it. */
export function sourceText({ name, at }: Setting): string {
  return `${name} in ${at}`;
}

/**
 * What the file says in one table.
 * @throws {UsageError} for a name that is none, a value of another sort, or a secret that others can read
 */
export function settingsIn(file: ConfigFile, table: string, flags: Flags): Map<string, Setting> {
  const found = new Map<string, Setting>();
  for (const [name, value] of file.tables.get(table) ?? []) {
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (!flag || !isSetting(flag)) throw unknownSetting({ table, name, at: value.at, flags });
    if (flag.secret && (file.mode & 0o077) !== 0) {
      throw new UsageError(
        `Cannot use ${name} in ${value.at}: it is a secret, and others can read the file (its mode is ` +
          `${file.mode.toString(8)})`,
        `\`chmod 600 ${file.path}\`, or name a file that holds it: ${name}-file.`,
      );
    }
    found.set(name, settingOf(name, flag, value));
  }
  return found;
}

function unknownSetting(
  { table, name, at, flags }: { table: string; name: string; at: string; flags: Flags },
): UsageError {
  const near = nearest(name.replaceAll("_", "-"), settingNames(flags));
  const see = "`beam config --example` prints all settings.";
  const flag = Object.hasOwn(flags, name);
  return new UsageError(
    flag
      ? `Cannot use ${name} in ${at}: it is for the command line alone (--${name})`
      : `Cannot use ${name} in ${at}: [${table}] has no such setting`,
    flag ? "Leave it out." : near ? `Did you mean ${near}? ${see}` : see,
  );
}

function settingOf(name: string, flag: Flag, { value, at }: FileValue): Setting {
  const type = flag.kind === "switch" ? VALUE_TYPES.truth : valueType(flag.value);
  const kinds: readonly TomlKind[] = flag.kind === "switch" ? ["truth"] : type.toml;
  const kind = kindOf(value);
  const list = flag.many && kind === "list";
  if (!list && (kind === undefined || !kinds.includes(kind))) {
    throw new UsageError(
      `Cannot use ${name} = ${shown(value)} in ${at}: it must be ${
        flag.many ? `a list, each ${type.words}` : type.words
      }`,
      `Write for example \`${name} = ${flag.kind === "switch" ? "true" : type.example}\`.`,
    );
  }
  const isFile = flag.value === "file" || flag.value === "folder";
  const texts = (list ? (value as unknown[]).map(String) : [textOf(value)])
    .map((text) => isFile ? fileNamed(text, at) : text);
  try {
    for (const text of texts) type.check?.(name, text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}, in ${at}`, error.mend);
  }
  return { name, text: texts.at(-1) ?? "", texts, at };
}

function kindOf(value: unknown): TomlKind | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "truth";
  if (Array.isArray(value)) return "list";
  if (value instanceof Date) return undefined;
  return typeof value === "object" && value !== null ? "table" : undefined;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

/** A value as an error shows it. */
function shown(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return "a date";
  return JSON.stringify(value);
}
