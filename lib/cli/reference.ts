/** The reference of the command line in Markdown, made from the helps: `docs/reference.md`. */
import type { SubCommands } from "./command.ts";
import {
  type CommandRow,
  commandTable,
  type KnownSetting,
  settingsTables,
} from "./command_table.ts";
import { exampleOf } from "./config_example.ts";
import { defaultOf, firstSentence, type Option } from "./help_table.ts";
import { valueType } from "./value_types.ts";

const HEAD = `# Reference

Made from what \`--help\` prints, by \`scripts/reference\`: edit the helps, not this page.

Exit codes: 0 done, 1 failed, 2 wrong usage. Every command has \`--help\`; those of \`beam\` but \`run\` and \`ray\` take
\`--config FILE\`. A switch that a variable or the configuration file may set is taken back by \`--no-…\`.`;

/** The whole page. */
export async function referenceText(all: SubCommands): Promise<string> {
  const rows = await commandTable(all);
  const parts = [HEAD, "## Commands", contentsOf(rows), ...rows.map(commandText)];
  parts.push(
    "## Settings",
    SETTINGS,
    ...settingsTables(rows).flatMap(({ table, settings }) => [
      `### [${table}]`,
      settingsText(settings),
    ]),
  );
  return parts.join("\n\n") + "\n";
}

const SETTINGS =
  `One file in TOML, with a table for each command: that of \`--config FILE\`, else of \`BEAM_CONFIG\`, else
\`$XDG_CONFIG_HOME/beam/config.toml\` (\`~/.config/beam/config.toml\`), else \`/etc/beam/config.toml\`. A setting has the
name of its flag. A flag stands over a variable, that over the file. Names of files are seen from the folder
of the configuration; \`~/\` is the home. \`ray start\` takes what [up] says wherever it has a variable.`;

function contentsOf(rows: readonly CommandRow[]): string {
  return rows.map(({ words, help, command }) =>
    `${"  ".repeat(words.length - 1)}- [\`${command.name}\`](#${anchorOf(command.name)}): ${
      escaped(firstSentence(help))
    }`
  ).join("\n");
}

const anchorOf = (heading: string) => heading.replaceAll(" ", "-");

function commandText({ command, help }: CommandRow): string {
  const parts = [`### ${command.name}`, escaped(help.summary)];
  if (help.usage.length > 0) {
    const wide = Math.max(...help.usage.map(({ form }) => form.length));
    const lines = help.usage.map(({ form, text }) =>
      text === "" ? form : `${form.padEnd(wide)}  ${text}`
    );
    parts.push(["```", ...lines, "```"].join("\n"));
  }
  if (help.options.length > 0) parts.push(optionsText(help.options));
  for (const section of help.rest) {
    const [first, ...lines] = section.split("\n");
    parts.push(
      /^\w+:$/.test(first!)
        ? `${first}\n\n${
          ["```", ...lines.map((line) => line.replace(/^ {2}/, "")), "```"].join("\n")
        }`
        : escaped(section),
    );
  }
  return parts.join("\n\n");
}

function optionsText(options: readonly Option[]): string {
  const rows = options.map(({ names, short, value, text, variables }) => [
    `\`${[short, ...names].filter((name) => name !== undefined).join(", ")}${
      value ? ` ${value}` : ""
    }\``,
    escaped(text),
    variables.map((name) => `\`${name}\``).join(", "),
  ]);
  const some = rows.some(([, , variable]) => variable !== "");
  return markdownTable(
    some ? ["option", "", "variable"] : ["option", ""],
    some ? rows : rows.map((row) => row.slice(0, 2)),
  );
}

function settingsText(settings: readonly KnownSetting[]): string {
  return markdownTable(
    ["setting", "it is", "default", "such as", "variable"],
    settings.map((setting) => [
      `\`${setting.name}\``,
      setting.flag.kind === "switch"
        ? "true or false"
        : escaped(valueType(setting.flag.value).words),
      setting.option && setting.flag.kind === "text"
        ? escaped(defaultOf(setting.option) ?? "")
        : "",
      `\`${setting.name} = ${exampleOf(setting)}\``,
      setting.flag.env ? `\`${setting.flag.env}\`` : "",
    ]),
  );
}

function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, at) =>
    Math.max(3, heading.length, ...rows.map((row) => cell(row[at]).length))
  );
  const line = (cells: readonly (string | undefined)[]) =>
    `| ${widths.map((width, at) => cell(cells[at]).padEnd(width)).join(" | ")} |`;
  return [
    line(headings),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...rows.map(line),
  ]
    .join("\n");
}

const cell = (text = "") => text.replaceAll("|", "\\|");

/** What Markdown would take for its own, outside of code. */
function escaped(text: string): string {
  return text.split(/(`[^`]*`)/).map((part, at) =>
    at % 2 === 1 ? part : part.replace(/[*<>[\]]|\b_|_\b/g, "\\$&")
  ).join("");
}
