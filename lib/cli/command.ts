/** What every command is, and the errors it ends with. */

/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** A command of the command line. */
export interface Command {
  /** As it is called: `beam up`. */
  readonly name: string;
  /** Printed for `--help`; ends without a newline. */
  readonly help: string;
  /** Runs it, returns the exit code. Throws {@link UsageError} or a `Trouble` where it fails. */
  run(args: string[]): Promise<number> | number;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";

  constructor(message: string, readonly mend: string) {
    super(message);
  }
}
