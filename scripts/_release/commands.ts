/** Runs the programs that a release needs. */

/** Ends what runs, so that unfinished folders go too; its reason is an error that says why. */
export const interrupted = new AbortController();

/** How a program is run. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/**
 * What a program prints.
 * @throws {Error} where it cannot be started or fails, with its last words
 */
export async function output(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new TextDecoder().decode(await outputBytes(program, args, options));
}

/** As {@link output}, but not read as text. */
export async function outputBytes(
  program: string,
  args: readonly string[],
  { cwd, env }: CommandOptions = {},
): Promise<Uint8Array> {
  const line = [program, ...args].join(" ");
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      signal: interrupted.signal,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    }).output();
  } catch (cause) {
    throw new Error(`Cannot run ${program}: it must be on PATH.`, { cause });
  }
  interrupted.signal.throwIfAborted();
  if (!result.success) {
    // Some programs say on their output why they fail.
    const said = [result.stdout, result.stderr].map((bytes) => new TextDecoder().decode(bytes));
    const words = said.join("").trim().split("\n").slice(-12).join("\n");
    throw new Error(`"${line}" failed with exit code ${result.code}:\n${words}`);
  }
  return result.stdout;
}
