/**
 * Runs the Python process that builds one part of a runtime environment (`ray/_worker/building.py`).
 * Its output is the log of the setup; the end of its standard input ends it, with all it has started.
 */
import { RequestFailed } from "../wire/errors.ts";
import { findProgram } from "./interpreter.ts";
import { noProcess } from "./no_process.ts";
import type { Environment } from "./worker_env.ts";

/** How much of the log an error carries. */
const TAIL_LINES = 50;
const TAIL_BYTES = 16 * 1024;

/** How long the rest of its output may take once it has ended, in milliseconds. */
const REST_PATIENCE = 500;

/** How a part is built. */
export interface BuildOptions {
  /** What starts the interpreter with the package's worker module. */
  command: string[];
  env: Environment;
  cwd: string;
  /** What is to be built, for Python. */
  order: Record<string, unknown>;
  /** What is being done, for sentences: "unpack the working directory gcs://…". */
  what: string;
  node_ip: string;
  /** Takes what it prints. */
  log(text: string): void;
  signal: AbortSignal;
  /** Pids of what builds: the daemon's own children, which no sweep may take for orphans. */
  pids: Set<number>;
}

/**
 * Builds a part.
 * @throws {RequestFailed} code `environment`, with the end of the log, where it cannot be built; the
 * signal's reason where it is given up, once the process is gone.
 */
export async function buildPart(options: BuildOptions): Promise<void> {
  const { command, env, signal, log } = options;
  const program = findProgram(command[0]!, env["PATH"]);
  if (program === undefined) throw failed(options, `${command[0]} is not there`, "");
  const child = begun(program, options);
  options.pids.add(child.pid);
  const lifeline = child.stdin.getWriter();
  const end = () => void lifeline.close().catch(() => {});
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const tail = new Tail();
  const outputs = [child.stdout.getReader(), child.stderr.getReader()];
  const take = async (output: ReadableStreamDefaultReader<Uint8Array>) => {
    const decoder = new TextDecoder();
    for (let part = await output.read(); !part.done; part = await output.read()) {
      const text = decoder.decode(part.value, { stream: true });
      tail.add(text);
      try {
        log(text);
      } catch { /* a full disk: what is built may still have room */ }
    }
  };
  const taken = Promise.all(outputs.map(take)).catch(() => {}); // a pipe broke with the process
  const status = await child.status;
  // What it left running may have its output open for ever.
  const enough = setTimeout(() => outputs.forEach((output) => void output.cancel()), REST_PATIENCE);
  await taken;
  clearTimeout(enough);
  options.pids.delete(child.pid);
  signal.removeEventListener("abort", end);
  end();
  signal.throwIfAborted();
  if (!status.success) {
    const how = status.signal ? `was ended by ${status.signal}` : `ended with code ${status.code}`;
    throw failed(options, `the process that does it ${how}`, tail.text);
  }
}

function begun(program: string, options: BuildOptions) {
  const { command, env, cwd, order } = options;
  try {
    return new Deno.Command(program, {
      args: command.slice(1),
      env: { ...env, BEAM_BUILD: JSON.stringify(order) },
      clearEnv: true,
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    throw noProcess(error, "environment", `Cannot ${options.what} on ${options.node_ip}`) ??
      failed(options, `its process cannot be started (${(error as Error).message})`, "");
  }
}

function failed(options: BuildOptions, why: string, tail: string): RequestFailed {
  return new RequestFailed(
    "environment",
    `Cannot ${options.what} on ${options.node_ip}: ${why}` +
      (tail === "" ? "." : `. The end of its log:\n${tail}`),
  );
}

/** The last lines of a text that grows. */
class Tail {
  #text = "";

  add(text: string): void {
    this.#text = (this.#text + text).slice(-TAIL_BYTES);
  }

  get text(): string {
    return this.#text.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
  }
}
