/** `beam run -- CMD`: runs a program under the environment of `beam env`. */
import { Trouble } from "../runtime/errors.ts";
import { exec } from "../runtime/exec.ts";
import { SECRET_VARIABLES } from "../runtime/private_env.ts";
import { type Command, UsageError } from "./command.ts";
import { say } from "./output.ts";
import { programEnv } from "./program_env.ts";

const HELP =
  `Runs a program under the environment that \`beam env\` prints, in place of this process: it
has this process's id, terminal, signals and exit code.

Usage:
  beam run -- CMD [ARGUMENTS]

Example:
  beam run -- vllm serve MODEL --tensor-parallel-size 2 --distributed-executor-backend ray`;

async function start(args: string[]): Promise<number> {
  const command = args[0] === "--" ? args.slice(1) : args;
  const [program] = command;
  if (program === undefined || (args[0] !== "--" && program.startsWith("-"))) {
    throw new UsageError(
      program === undefined
        ? "Cannot run nothing: a command is needed"
        : `Cannot use ${program}: beam run has no flags of its own`,
      "Use `beam run -- CMD`, for example `beam run -- python program.py`.",
    );
  }
  const { variables } = await programEnv();
  try {
    // Programs copy whole environments to other machines; a file is not copied with its name.
    const secrets = Object.fromEntries(SECRET_VARIABLES.map((name) => [name, undefined]));
    return await exec(command, { ...variables, ...secrets });
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    say(`beam: ${error.message}.`);
    say(`beam: ${error.mend}`);
    return error.code === "not_found" ? 127 : 126; // as shells have it
  }
}

export const run: Command = { name: "beam run", help: HELP, run: start };
