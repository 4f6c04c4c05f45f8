/** The command that a first word names, or the error where it names none. */
import { type Command, UsageError } from "./command.ts";
import { loadCommand, NAMES } from "./commands.ts";
import { nearest } from "./nearest.ts";

/** The command called `name`. @throws {UsageError} where there is none. */
export async function commandCalled(name: string): Promise<Command> {
  const command = await loadCommand(name);
  if (command) return command;
  throw unknownCommand(name);
}

function unknownCommand(name: string): UsageError {
  const near = nearest(name, NAMES);
  return new UsageError(
    `Cannot run \`beam ${name}\`: there is no such command`,
    near ? `Did you mean \`beam ${near}\`? See \`beam --help\`.` : "See `beam --help`.",
  );
}
