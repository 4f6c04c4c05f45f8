/** A configuration file to begin with: every setting, commented out, as the help describes it. */
import type { KnownSetting, SettingsTable } from "./command_table.ts";
import { defaultOf } from "./help_table.ts";
import { valueType } from "./value_types.ts";

const HEAD = `# Configuration of beam. It is read from, in this order: --config FILE, BEAM_CONFIG,
# ~/.config/beam/config.toml, /etc/beam/config.toml; one file, the first that is there.
# Flags and environment variables stand over it; \`beam config\` shows what comes from where,
# \`beam validate\` checks this file. Names of files are seen from this file's folder.`;

/** The file's text. */
export function exampleText(tables: readonly SettingsTable[]): string {
  const parts = tables.map(({ table, command, settings }) =>
    [`# ${command.name}`, `[${table}]`, ...settings.flatMap((one) => ["", ...settingLines(one)])]
      .join("\n")
  );
  return [HEAD, ...parts].join("\n\n");
}

function settingLines(setting: KnownSetting): string[] {
  const { name, flag, option } = setting;
  const text = flag.secret
    ? `a secret: only where nobody else can read this file (chmod 600); else ${name}-file`
    : option?.text ?? "";
  const said = `${text}${flag.env ? `${text === "" ? "" : " "}(${flag.env})` : ""}`;
  return [...wrapped(said).map((line) => `# ${line}`), `#${name} = ${exampleOf(setting)}`];
}

/** A value that may stand there: the default where it is one, else an example. */
export function exampleOf({ flag, option }: KnownSetting): string {
  if (flag.kind === "switch") return "true";
  const type = valueType(flag.value);
  const given = option && defaultOf(option);
  const isValue = given !== undefined && /^[\w.:/-]+$/.test(given);
  const example = !isValue
    ? type.example
    : /^\d+$|^true$|^false$/.test(given) && !type.toml.every((kind) => kind === "text")
    ? given
    : JSON.stringify(given);
  return flag.many ? `[${example}]` : example;
}

/** Lines of at most 90 letters. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 90) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
