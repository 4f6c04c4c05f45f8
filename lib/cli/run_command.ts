/** Runs a command and tells how it failed: one line that says what happened, one what to do. */
import { LinkClosed, RequestFailed, WireError } from "../wire/errors.ts";
import { Trouble } from "../runtime/errors.ts";
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import { print, say } from "./output.ts";

/** Runs `command` with `args`, or shows its help. Returns the exit code; throws what is a bug. */
export async function runCommand(
  command: Command,
  args: string[],
  all: SubCommands,
): Promise<number> {
  if (wantsHelp(command, args)) {
    print(command.help);
    return EXIT.done;
  }
  return await command.run(args, all);
}

/** `--help` before `--`; a command with commands of its own takes only the first word. */
function wantsHelp({ name, commands }: Command, args: readonly string[]): boolean {
  const isHelp = (arg: string | undefined) => arg === "--help" || arg === "-h";
  // What follows `beam run` is another program's, whose flags are its own.
  if (commands || name === "beam run") return isHelp(args[0]);
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).some(isHelp);
}

/** Tells of `error` on standard error and returns the exit code; throws what is a bug of ours. */
export function tellFailure(error: unknown, program: string): number {
  if (error instanceof UsageError) return tell(program, error.message, error.mend, EXIT.usage);
  if (error instanceof Trouble || error instanceof RequestFailed) {
    return tell(program, error.message, error.mend, EXIT.failed);
  }
  if (error instanceof LinkClosed) {
    const mend =
      "Look whether the node still runs (`beam status`), and into its log (`beam logs`).";
    return tell(program, error.message, mend, EXIT.failed);
  }
  if (error instanceof WireError) {
    const mend = "Two builds may differ: use the same beam on every machine.";
    return tell(program, error.message, mend, EXIT.failed);
  }
  throw error;
}

function tell(program: string, message: string, mend: string | undefined, code: number): number {
  say(`${program}: ${sentence(message)}`);
  if (mend) say(`${program}: ${sentence(mend)}`);
  return code;
}

/** With a full stop, where the text does not end in a mark already. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
