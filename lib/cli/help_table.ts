/**
 * A help's literal text as a table. Reference, man page, completions and the example of the configuration
 * are made from it, so that each option is described once, where a person reads it.
 */

/** An option, or several that share a text. */
export interface Option {
  /** `["--port"]`. */
  names: string[];
  /** `-n`. */
  short?: string;
  /** What stands for its value: `N`, `HOST[:PORT]`; absent for a switch. */
  value?: string;
  text: string;
  /** The variables that stand in for it. */
  variables: string[];
}

/** What a help says. */
export interface HelpTable {
  /** The paragraph at the top, in one line. */
  summary: string;
  /** The lines below `Usage:`: how it is called, and what that does. */
  usage: { form: string; text: string }[];
  options: Option[];
  /** The other sections and paragraphs, as they stand. */
  rest: string[];
}

/** Reads a help in the form that all helps have. */
export function helpTable(help: string): HelpTable {
  const [summary = "", ...sections] = help.split(/\n{2,}/);
  const table: HelpTable = { summary: oneLine(summary), usage: [], options: [], rest: [] };
  for (const section of sections) {
    if (section.startsWith("Usage:\n")) table.usage.push(...usageIn(section));
    else if (section.startsWith("Options:\n")) table.options.push(...optionsIn(section));
    else table.rest.push(section);
  }
  return table;
}

/** The first sentence of the summary, for lists; without its full stop. */
export function firstSentence({ summary }: HelpTable): string {
  return summary.replace(/(?<=[^.])[.:;] .*$/s, "").replace(/\.$/, "");
}

/** What an option's text says of its default, if anything. */
export function defaultOf({ text }: Option): string | undefined {
  return /\(?\bdefault:? ([^;,)]+)/.exec(text)?.[1];
}

/** The option called `name` (`--port`), among the options or else in the lines of usage. */
export function optionCalled(table: HelpTable, name: string): Option | undefined {
  const option = table.options.find(({ names }) => names.includes(name));
  if (option) return option;
  for (const { form, text } of table.usage) {
    const found = new RegExp(`(?<= )${name}(?: ([A-Z]\\S*))?(?= |$)`).exec(form);
    if (!found || text === "") continue;
    return { names: [name], ...(found[1] ? { value: found[1] } : {}), text, variables: [] };
  }
  return undefined;
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, " ").trim();

function usageIn(section: string): HelpTable["usage"] {
  const found: HelpTable["usage"] = [];
  for (const line of section.split("\n").slice(1)) {
    const [, form, text = ""] = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/.exec(line) ?? [];
    if (form !== undefined) found.push({ form, text });
    else if (found.length > 0) found.at(-1)!.text = oneLine(`${found.at(-1)!.text}\n${line}`);
  }
  return found;
}

const NAME = /^(?:(-\w), )?(--[a-z][\w-]*)(?:[ =](?! )(\S+))?(?:, | {2,}|$)/;

function optionsIn(section: string): Option[] {
  const found: (Option & { lines: string[] })[] = [];
  for (const line of section.split("\n").slice(1)) {
    if (!line.startsWith("  -")) {
      found.at(-1)?.lines.push(line.trim());
      continue;
    }
    let left = line.trim();
    const first = found.length;
    for (let match = NAME.exec(left); match; match = NAME.exec(left)) {
      const [whole, short, name, value] = match;
      // `--log-style, --log-color`: each has the text that follows the last.
      found.push({
        names: [name!],
        ...(short ? { short } : {}),
        ...(value ? { value: value.replace(/,$/, "") } : {}),
        text: "",
        variables: [],
        lines: [],
      });
      left = left.slice(whole.length);
    }
    for (const option of found.slice(first)) option.lines.push(left);
  }
  return found.map(({ lines, ...option }) => {
    const variables: string[] = [];
    const text = lines.map((line) =>
      line.replace(/(?:^| {2,})((?:[A-Z]+_[A-Z_]+(?:, )?)+)$/, (_, names: string) => {
        variables.push(...names.split(", "));
        return "";
      })
    );
    return { ...option, text: oneLine(text.join("\n")), variables };
  });
}
