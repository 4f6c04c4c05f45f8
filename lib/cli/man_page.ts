/** The manual page beam(1), made from the helps. */
import type { SubCommands } from "./command.ts";
import { type CommandRow, commandTable, settingsTables } from "./command_table.ts";
import { helpTable, type Option } from "./help_table.ts";

/** The page in the macros of man(7). */
export async function manPage(all: SubCommands, version: string): Promise<string> {
  const rows = await commandTable(all);
  const help = helpTable(all.help ?? "");
  const lines = [
    `.TH BEAM 1 "" "beam ${version}" "User Commands"`,
    ".SH NAME",
    `beam \\- ${inline("run a cluster for vLLM: one file, one port, one command per machine")}`,
    ".SH SYNOPSIS",
    ".B beam",
    ".I COMMAND",
    "[\\fIOPTIONS\\fR]",
    ".SH DESCRIPTION",
    paragraph(
      "beam stands where Ray stands under vLLM: one file on each machine forms the cluster " +
        "that `vllm serve --distributed-executor-backend ray` spans.",
    ),
    ...help.rest.flatMap((text) => [".PP", paragraph(text.replaceAll("\n", " "))]),
    ".SH COMMANDS",
    ...rows.flatMap(commandLines),
    ".SH CONFIGURATION",
    paragraph(
      "A file in TOML has a table for each command and in it settings with the names of flags. A flag " +
        "stands over an environment variable, that over the file. `beam config` shows all of it.",
    ),
    ...settingsTables(rows).flatMap(({ table, settings }) => [
      ".TP",
      `.B [${inline(table)}]`,
      inline(settings.map(({ name }) => name).join(", ")),
    ]),
    ".SH FILES",
    ...FILES.flatMap(([path, text]) => [".TP", `.I ${inline(path)}`, inline(text)]),
    ".SH ENVIRONMENT",
    ...variablesOf(rows).flatMap(([name, flag]) => [".TP", `.B ${name}`, inline(flag)]),
    ".SH EXIT STATUS",
    ...["done", "failed", "wrong usage"].flatMap((text, code) => [".TP", `.B ${code}`, text]),
  ];
  return lines.join("\n") + "\n";
}

const FILES: readonly [string, string][] = [
  ["~/.config/beam/config.toml", "The configuration of this user."],
  ["/etc/beam/config.toml", "The configuration of this machine, where the user has none."],
  [
    "~/.beam",
    "The runtime directory: Python package, token, journal, logs; BEAM_RUNTIME_DIR names another.",
  ],
];

function commandLines({ command, help }: CommandRow): string[] {
  return [
    `.SS ${inline(command.name)}`,
    paragraph(help.summary),
    ...help.usage.flatMap(({ form, text }) =>
      text === "" ? [".PP", `.B ${inline(form)}`] : [".TP", `.B ${inline(form)}`, inline(text)]
    ),
    ...help.options.flatMap(optionLines),
    ...help.rest.flatMap((section) => {
      const [first, ...lines] = section.split("\n");
      return /^\w+:$/.test(first!)
        ? [".PP", inline(first!), ".PP", ".nf", ...lines.map(inline), ".fi"]
        : [".PP", paragraph(section.replaceAll("\n", " "))];
    }),
  ];
}

function optionLines({ names, short, value, text, variables }: Option): string[] {
  const flags = [short, ...names].filter((name) => name !== undefined)
    .map((name) => `\\fB${inline(name)}\\fR`).join(", ");
  const also = variables.length > 0 ? ` (${variables.join(", ")})` : "";
  return [
    ".TP",
    value ? `${flags} \\fI${inline(value)}\\fR` : flags,
    inline(`${text}${also}`.trim() || "See above."),
  ];
}

/** Variables with what they stand in for, each once. */
function variablesOf(rows: readonly CommandRow[]): [string, string][] {
  const found = new Map<string, string[]>();
  for (const { command, help } of rows) {
    for (const { names, variables } of help.options) {
      for (const name of variables) {
        found.set(name, [...found.get(name) ?? [], `${command.name} ${names[0]}`]);
      }
    }
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([name, flags]) => [
    name,
    `Stands in for ${flags.join(", ")}.`,
  ]);
}

/** Code marks become bold. */
const paragraph = (text: string) =>
  text.split(/`([^`]*)`/).map((part, at) =>
    at % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part)
  )
    .join("").replace(/^([.'])/, "\\&$1");

const inline = (text: string) => paragraph(text);

/** What roff would take for its own. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "\\&...")
    .replaceAll("└", "'").replaceAll("’", "'").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha");
}
