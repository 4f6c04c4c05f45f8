/** What every command is, and the errors it ends with. */
import type { Flags } from "./parse.ts";
import type { ValueName } from "./value_types.ts";

/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** A command of the command line. */
export interface Command {
  /** As it is called: `beam up`. */
  readonly name: string;
  /** Printed for `--help`; ends without a newline. */
  readonly help: string;
  /** What it takes besides --help; absent where it has commands of its own, or takes nothing. */
  readonly flags?: Flags;
  /** What its arguments may be, by place; the last counts for those after it. For completions. */
  readonly takes?: readonly ValueName[];
  /** Commands of its own. */
  readonly commands?: SubCommands;
  /**
   * Runs it, returns the exit code. Throws {@link UsageError} or a `Trouble` where it fails. `all` are the
   * commands of the program, for those that tell of them.
   */
  run(args: string[], all: SubCommands): Promise<number> | number;
}

/** Commands of a command: `ray start`. */
export interface SubCommands {
  /** The help over them. */
  readonly help?: string;
  readonly names: readonly string[];
  load(name: string): Promise<Command | undefined>;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";

  constructor(message: string, readonly mend: string) {
    super(message);
  }
}
