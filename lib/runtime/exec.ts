/**
 * Replaces this process by another program, as a shell's `exec` does: the program gets our process id,
 * terminal and signals, and no process of ours stays between. Where the C library cannot be reached,
 * the program runs as a child whose end is ours.
 */
import { Trouble } from "./errors.ts";

const SIGPIPE = 13;
const SIG_DFL = 0n;
const ENOENT = 2;

/**
 * Runs `command` in place of this process; `variables` are set, or removed where undefined.
 * @throws {Trouble} where there is no such program, or it may not be executed.
 */
export async function exec(
  command: readonly string[],
  variables: Readonly<Record<string, string | undefined>> = {},
): Promise<never> {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Deno.env.delete(name);
    else Deno.env.set(name, value);
  }
  const errno = execvp(command);
  if (errno === undefined) return Deno.exit(await runChild(command));
  const why = errno === ENOENT
    ? "it is not there, nor on PATH"
    : "it may not be executed, or is no program";
  throw new Trouble(`Cannot run ${command[0]}: ${why}`, "Check its name and PATH.", {
    code: errno === ENOENT ? "not_found" : "not_executable",
  });
}

/** Does not return where it succeeds: the error number, or undefined without a C library. */
function execvp(command: readonly string[]): number | undefined {
  let libc;
  try {
    libc = Deno.dlopen("libc.so.6", {
      execvp: { parameters: ["buffer", "buffer"], result: "i32" },
      // The runtime ignores SIGPIPE, and what is ignored stays so across exec.
      signal: { parameters: ["i32", "usize"], result: "usize" },
      __errno_location: { parameters: [], result: "pointer" },
    });
  } catch {
    return undefined;
  }
  const words = command.map((word) => new TextEncoder().encode(word + "\0"));
  const argv = new BigUint64Array(words.length + 1);
  words.forEach((word, at) => argv[at] = Deno.UnsafePointer.value(Deno.UnsafePointer.of(word)));
  const before = libc.symbols.signal(SIGPIPE, SIG_DFL);
  libc.symbols.execvp(words[0]!, argv);
  const errno = new Deno.UnsafePointerView(libc.symbols.__errno_location()!).getInt32();
  libc.symbols.signal(SIGPIPE, before);
  libc.close();
  return errno;
}

async function runChild(command: readonly string[]): Promise<number> {
  const child = new Deno.Command(command[0]!, { args: command.slice(1) }).spawn();
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => child.kill(signal));
  }
  Deno.addSignalListener("SIGINT", () => {}); // the terminal sends it to the child as well
  const status = await child.status;
  return status.signal ? 128 + 15 : status.code;
}
