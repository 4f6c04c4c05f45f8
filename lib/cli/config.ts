/** `beam config`: the settings, and where each comes from. */
import { type Env, processEnv } from "../runtime/paths.ts";
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import {
  type CommandRow,
  commandTable,
  type SettingsTable,
  settingsTables,
} from "./command_table.ts";
import { exampleText } from "./config_example.ts";
import { type ConfigFile, configPlaces, processConfig } from "./config_file.ts";
import { defaultOf } from "./help_table.ts";
import type { ConfigOutput } from "./json_output.ts";
import { nearest } from "./nearest.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { table } from "./table.ts";

const HELP =
  `Shows each setting with its value and where that comes from: a flag, a variable, a line of the
configuration file, or the default.

Usage:
  beam config [--json]              all settings
  beam config [--json] up [FLAGS]   what \`beam up [FLAGS]\` would use
  beam config --example             a configuration file with all settings, commented

Options:
  --example        print a file to begin with: beam config --example > ~/.config/beam/config.toml
  --json           for programs

The file is that of --config FILE, else of BEAM_CONFIG, else ~/.config/beam/config.toml, else
/etc/beam/config.toml. \`beam validate\` checks it. Secrets are not shown.`;

const FLAGS = { example: { kind: "switch" }, json: { kind: "switch" } } as const;

/** A setting as it is shown. */
export interface ShownSetting {
  /** The table of the file in which it stands: its command. */
  command: string;
  /** As its flag is called. */
  name: string;
  /** As the flag would have it; null where nobody said anything and there is no default to name. */
  value: string | boolean | string[] | null;
  /** Its value is not shown. */
  secret?: true;
  source: {
    kind: "flag" | "env" | "file" | "default";
    /** Of the flag or variable. */
    name?: string;
    /** The file's line: `/etc/beam/config.toml:12`. */
    at?: string;
  };
}

const MASKED = "********";

async function run(args: string[], all: SubCommands): Promise<number> {
  const { own, command, rest } = split(args);
  const { values } = parse({ program: "beam config", flags: FLAGS }, own);
  const rows = await commandTable(all);
  if (values.example) {
    print(exampleText(settingsTables(rows)));
    return EXIT.done;
  }
  const file = processConfig();
  const tables = chosen(rows, command);
  const settings = tables.flatMap((one) => shownSettings(one, rest, { env: processEnv, file }));
  if (values.json) {
    const looked_for = file ? [] : configPlaces();
    printJson({ file: file?.path ?? null, looked_for, settings } satisfies ConfigOutput);
  } else print(settingsText(settings, file));
  return EXIT.done;
}

/** This command's own arguments, and the command that is asked about with its arguments. */
function split(args: readonly string[]): { own: string[]; command?: string; rest: string[] } {
  for (let at = 0; at < args.length; at++) {
    if (args[at] === "--config") at++;
    else if (!args[at]!.startsWith("-")) {
      return { own: args.slice(0, at), command: args[at]!, rest: args.slice(at + 1) };
    }
  }
  return { own: [...args], rest: [] };
}

function chosen(rows: readonly CommandRow[], command: string | undefined): SettingsTable[] {
  const tables = settingsTables(rows);
  if (command === undefined) return tables;
  const found = tables.filter(({ table }) => table === command);
  if (found.length > 0) return found;
  const names = tables.map(({ table }) => table);
  const near = nearest(command, names);
  throw new UsageError(
    `Cannot show settings of \`beam ${command}\`: it has none`,
    near ? `Did you mean \`beam config ${near}\`?` : `Commands with settings: ${names.join(", ")}.`,
  );
}

/** The settings of one command, given its arguments. */
export function shownSettings(
  { table, command, flags, settings }: SettingsTable,
  args: readonly string[],
  { env, file }: { env: Env; file: ConfigFile | undefined },
): ShownSetting[] {
  const grammar = { program: command.name, flags, positionals: Infinity };
  const parsed = parse(grammar, args, { env, config: () => file });
  const values = parsed.values as Record<string, ShownSetting["value"] | undefined>;
  return settings.map(({ name, flag, option }) => {
    const inFile = parsed.inFile.get(name);
    const source: ShownSetting["source"] = parsed.given.includes(name)
      ? { kind: "flag", name: `--${name}` }
      : flag.env && env(flag.env)
      ? { kind: "env", name: flag.env }
      : inFile
      ? { kind: "file", at: inFile.at }
      : { kind: "default" };
    const said = source.kind === "default" && flag.kind === "text"
      ? option && defaultOf(option)
      : values[name];
    const secret = flag.secret && said !== undefined;
    return {
      command: table,
      name,
      value: secret ? MASKED : said ?? null,
      ...(flag.secret ? { secret: true } : {}),
      source,
    };
  });
}

function settingsText(settings: readonly ShownSetting[], file: ConfigFile | undefined): string {
  const rows = settings.map(({ command, name, value, source }) => [
    `${command}.${name}`,
    value === null ? "-" : Array.isArray(value) ? value.join(" ") || "-" : String(value),
    source.at ?? source.name ?? "default",
  ]);
  const which = file
    ? `Configuration: ${file.path}`
    : `No configuration file: neither ${configPlaces().join(" nor ")} is there.`;
  return `${which}\n\n${table(["SETTING", "VALUE", "FROM"], rows)}`;
}

export const config: Command = {
  name: "beam config",
  help: HELP,
  flags: FLAGS,
  takes: [["up", "wait", "drain", "token"]],
  run,
};
