/** `beam validate`: checks the configuration file, and this machine against it. */
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import { commandTable, settingsTables } from "./command_table.ts";
import { type Finding, machineFindings } from "./config_checks.ts";
import {
  checkTables,
  type ConfigFile,
  configFlag,
  configPath,
  configPlaces,
  readConfig,
} from "./config_file.ts";
import type { ValidateOutput } from "./json_output.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { settingsIn } from "./settings.ts";
import { UP_FLAGS } from "./up_flags.ts";
import { upPlan } from "./up_plan.ts";

const HELP =
  `Checks the configuration file: that it can be read, that every setting is one and has a value
that fits, that they fit each other, and that they fit this machine: names resolve, addresses and
interfaces are this machine's, ports are free, the token's file holds a token.

Usage:
  beam validate [FILE] [--file-only] [--json]

Options:
  --file-only   do not look at this machine, for a file that is meant for another one
  --json        what was found, for programs

Without FILE it is the file that other commands would read; see \`beam config --help\`.
Exit code 1 where something is wrong.`;

const FLAGS = { "file-only": { kind: "switch" }, json: { kind: "switch" } } as const;

async function run(args: string[], all: SubCommands): Promise<number> {
  const { values, positionals: [named] } = parse(
    { program: "beam validate", flags: FLAGS, positionals: 1 },
    args,
    { config: () => undefined },
  );
  const path = configPath(named ?? configFlag(args));
  if (path === undefined) {
    throw new UsageError(
      `Cannot validate a configuration: neither ${configPlaces().join(" nor ")} is there`,
      "Name a file, or make one: beam config --example > ~/.config/beam/config.toml.",
    );
  }
  const found = await findings(path, all, values["file-only"]);
  const wrong = found.filter(({ severity }) => severity === "error").length;
  if (values.json) {
    printJson({ file: path, valid: wrong === 0, findings: found } satisfies ValidateOutput);
  } else {
    for (const { severity, text, mend } of found) {
      print(`${severity}: ${text}.${mend ? `\n  ${mend}` : ""}`);
    }
    print(
      wrong === 0
        ? `${path} is valid.`
        : `${path} has ${wrong} ${wrong === 1 ? "error" : "errors"}.`,
    );
  }
  return wrong === 0 ? EXIT.done : EXIT.failed;
}

/** Everything that is wrong with the file at `path`. */
async function findings(path: string, all: SubCommands, fileOnly: boolean): Promise<Finding[]> {
  const found: Finding[] = [];
  const attempt = <T>(body: () => T): T | undefined => {
    try {
      return body();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      found.push({ severity: "error", text: error.message, mend: error.mend });
      return undefined;
    }
  };
  const file = await readConfig(path).catch((error) => {
    attempt(() => {
      throw error;
    });
    return undefined;
  });
  if (!file) return found;
  const tables = settingsTables(await commandTable(all));
  attempt(() => checkTables(file, tables.map(({ table }) => table)));
  for (const { table, flags } of tables) {
    for (const [name, value] of file.tables.get(table) ?? []) {
      const one: ConfigFile = { ...file, tables: new Map([[table, new Map([[name, value]])]]) };
      attempt(() => settingsIn(one, table, flags));
    }
  }
  if (found.length > 0) return found;
  const up = attempt(() => upSettings(file));
  if (up && !fileOnly) found.push(...await machineFindings(up));
  return found;
}

/** What the file makes of `beam up`; where it does not say whether the node is a head, of a head. */
function upSettings(file: ConfigFile) {
  const given = file.tables.get("up");
  const says = given?.has("head") || given?.has("join");
  const parsed = parse({ program: "beam up", flags: UP_FLAGS }, says ? [] : ["--head"], {
    env: () => undefined,
    config: () => file,
  });
  return { parsed, ...upPlan(parsed) };
}

export const validate: Command = {
  name: "beam validate",
  help: HELP,
  flags: FLAGS,
  takes: ["file"],
  run,
};
