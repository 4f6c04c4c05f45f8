/** All commands with what they take: one table for completions, reference, man page and settings. */
import type { Command, SubCommands } from "./command.ts";
import { type HelpTable, helpTable, type Option, optionCalled } from "./help_table.ts";
import type { Flag, Flags } from "./parse.ts";
import { isSetting } from "./settings.ts";

/** A command in the table. */
export interface CommandRow {
  /** Its words after `beam`: `["ray", "start"]`. */
  words: readonly string[];
  command: Command;
  help: HelpTable;
}

/** The table, commands before those below them. */
export async function commandTable(
  all: SubCommands,
  above: readonly string[] = [],
): Promise<CommandRow[]> {
  const rows: CommandRow[] = [];
  for (const name of all.names) {
    const command = await all.load(name);
    if (!command) throw new Error(`the command ${[...above, name].join(" ")} cannot be loaded`);
    const words = [...above, name];
    rows.push({ words, command, help: helpTable(command.help) });
    if (command.commands) rows.push(...await commandTable(command.commands, words));
  }
  return rows;
}

/** A setting of a command. */
export interface KnownSetting {
  /** Its table in the configuration file. */
  table: string;
  name: string;
  flag: Flag;
  /** As the help describes it; a secret has no flag and no description there. */
  option: Option | undefined;
}

/** A command that has settings. Those of Ray take theirs from the variables of beam's. */
export interface SettingsTable {
  table: string;
  command: Command;
  flags: Flags;
  settings: KnownSetting[];
}

/** All settings, by the table in which they stand. */
export function settingsTables(rows: readonly CommandRow[]): SettingsTable[] {
  return rows.filter(({ words }) => words.length === 1 && words[0] !== "ray").flatMap((row) => {
    const { command, help, words } = row;
    const [table] = words as [string];
    const flags = command.flags ?? {};
    const settings = Object.entries(flags).filter(([, flag]) => isSetting(flag))
      .map(([name, flag]) => ({ table, name, flag, option: optionCalled(help, `--${name}`) }));
    return settings.length === 0 ? [] : [{ table, command, flags, settings }];
  });
}
