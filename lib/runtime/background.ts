/**
 * Starts the node daemon, which makes itself a process group of its own. Its configuration goes in as one line on its
 * standard input, never as arguments, which others on the machine could read; what it says comes back
 * as JSON lines on its standard output until it is ready or has failed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Trouble } from "./errors.ts";
import { selfCommand } from "./launcher.ts";
import { runtimePaths } from "./paths.ts";
import { withoutPrivate } from "./private_env.ts";
import { isProcessLimit, processLimit } from "./process_limit.ts";
import type { DaemonRecord } from "./records.ts";

/** Past this size, in bytes, the file of what daemons said outside their logs starts anew. */
const STDERR_LIMIT = 2 ** 20;

/** What {@link startDaemon} needs. */
export interface StartOptions {
  /** The daemon's configuration, `runtime_dir` among it. */
  config: { runtime_dir: string; lifeline: boolean };
  /** Called with each sentence about what it waits for. */
  onProgress(text: string): void;
  /** Ends the start, and the daemon with it. */
  signal?: AbortSignal;
  /** What is started; this program's `daemon` where absent. */
  command?: string[];
}

/** How a daemon ended. */
export interface DaemonEnd {
  code: number | null;
  signal: string | null;
}

/** A daemon that is ready. */
export interface StartedDaemon {
  record: DaemonRecord;
  /** Settles when it has ended. */
  ended: Promise<DaemonEnd>;
  /** Closes its lifeline, which ends the node where the configuration said so. */
  release(): void;
  /** Kills it; its workers go with it. */
  kill(): void;
  /** Lets this process end without it. */
  leave(): void;
}

/**
 * Starts the daemon and waits until it is ready.
 * @throws {Trouble} with the daemon's own words where it fails; the signal's reason where it aborts.
 */
export async function startDaemon(options: StartOptions): Promise<StartedDaemon> {
  const { config, signal } = options;
  const command = options.command ?? [...selfCommand(), "daemon"];
  const stderr = openStderr(config.runtime_dir);
  const from = fstatSync(stderr).size;
  const child = spawn(unlikeNode(command[0]!), command.slice(1), {
    // The token is in the configuration; in the environment it would be readable for the node's life.
    env: withoutPrivate(Deno.env.toObject()),
    stdio: ["pipe", "pipe", stderr],
  });
  const ended = new Promise<DaemonEnd>((resolve) => {
    child.once("exit", (code, by) => resolve({ code, signal: by }));
    child.once("error", () => resolve({ code: 127, signal: null }));
  });
  if (child.pid === undefined) {
    closeSync(stderr);
    throw await new Promise((resolve) => child.once("error", (error) => resolve(notMade(error))));
  }
  const abort = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", abort, { once: true });
  try {
    child.stdin!.on("error", () => {}); // a daemon that fails at once may not read its configuration
    child.stdin!.write(JSON.stringify(config) + "\n");
    if (!config.lifeline) child.stdin!.end();
    const record = await readUntilReady(child, options.onProgress);
    if (record) return startedDaemon(child, record, ended);
    const end = await ended;
    signal?.throwIfAborted();
    throw new Trouble(
      `Cannot start the node: its daemon ${endText(end)} before it was ready`,
      lastWords(stderr, from) ?? `Look into ${runtimePaths(config.runtime_dir).logs}.`,
      { code: "daemon_died" },
    );
  } catch (error) {
    child.kill("SIGKILL");
    child.stdout!.destroy();
    await ended;
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    closeSync(stderr);
  }
}

/**
 * The same program by another spelling of its path: where it is the runtime's own, `spawn` takes the
 * arguments for Node's and writes them anew, also in a compiled executable.
 */
export function unlikeNode(program: string): string {
  return program === Deno.execPath() ? `${dirname(program)}/./${basename(program)}` : program;
}

/** `ended with code 1`, `was ended by SIGKILL`. */
export function endText(end: DaemonEnd): string {
  return end.signal ? `was ended by ${end.signal}` : `ended with code ${end.code}`;
}

function notMade(error: Error): Trouble {
  const { text, mend } = isProcessLimit(error) ? processLimit() : {
    text: `a process for its daemon cannot be made (${error.message})`,
    mend: "See that beam's file is still there.",
  };
  return new Trouble(`Cannot start the node: ${text}`, mend, { code: "daemon_died" });
}

function startedDaemon(
  child: ChildProcess,
  record: DaemonRecord,
  ended: Promise<DaemonEnd>,
): StartedDaemon {
  child.stdout!.resume(); // whatever it still says must not fill the pipe
  return {
    record,
    ended,
    release: () => child.stdin!.end(),
    kill: () => void child.kill("SIGKILL"),
    leave: () => {
      child.stdout!.destroy();
      child.stdin!.destroy();
      child.unref();
    },
  };
}

/** Reads lines until the daemon is ready; undefined where its output ends before. */
async function readUntilReady(
  child: ChildProcess,
  onProgress: (text: string) => void,
): Promise<DaemonRecord | undefined> {
  const lines = createInterface({ input: child.stdout! });
  for await (const line of lines) {
    const said = parseLine(line);
    if (typeof said["progress"] === "string") onProgress(said["progress"]);
    if (said["error"]) {
      const { message, mend, code } = said["error"] as Record<string, string>;
      throw new Trouble(message ?? "Cannot start the node", mend, { code: code ?? "daemon" });
    }
    if (said["ready"]) return said["ready"] as DaemonRecord;
  }
  return undefined;
}

function parseLine(line: string): Record<string, unknown> {
  try {
    const value = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {}; // not the daemon's: a library's greeting
  }
}

/** Where goes what a daemon says beside its log: the last words of a crash. */
function openStderr(runtime: string): number {
  const { logs } = runtimePaths(runtime);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const path = join(logs, "daemon.err");
  const fd = openSync(path, "a+", 0o600);
  if (fstatSync(fd).size < STDERR_LIMIT) return fd;
  closeSync(fd);
  Deno.truncateSync(path);
  return openSync(path, "a+", 0o600);
}

/** The last line that says something, of what was written after `from`. */
function lastWords(fd: number, from: number): string | undefined {
  const buffer = new Uint8Array(16 * 1024);
  const count = readSync(fd, buffer, 0, buffer.length, from);
  const lines = new TextDecoder().decode(buffer.subarray(0, count)).split("\n");
  const telling = lines.map((line) => line.trim()).filter((line) => line !== "");
  const first = telling.find((line) => /error/i.test(line)) ?? telling.at(-1);
  return first && `It said: ${first}`;
}
