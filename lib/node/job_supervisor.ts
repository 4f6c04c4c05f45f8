/**
 * The process that supervises one submitted job: `beam job-supervisor`, started by the node's daemon.
 *
 * It says hello as a worker does, runs the entrypoint with its output in the job's log, tells how it
 * ended and ends with it; what the entrypoint left behind goes too. It is a subreaper and leads its
 * process group: nothing that the job starts gets away from it. It ends with its daemon.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { StartInput } from "../runtime/start_input.ts";
import { Link, type Received } from "../wire/link.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import { type Entrypoint, entrypointEnv, entrypointOf, stopManner } from "./entrypoint.ts";
import { jobLogPath } from "./job_log.ts";
import { openLibc } from "./libc.ts";
import { textIn } from "./order.ts";
import { endDescendants } from "./process_tree.ts";
import { shorten } from "./shorten.ts";
import type { SupervisorOrder } from "./supervisors.ts";
import { signalNumber } from "./wait_status.ts";

/** How often the log's size is looked at, in milliseconds. */
const LOOK_MS = 1000;
/** What of the log stays when it is cut, in bytes. */
const KEPT = 2 ** 20;

/** How much of the log goes into the message about a failure. */
const TAIL_LINES = 10;
const TAIL_BYTES = 20_000;

/** How the entrypoint ended; negative for a signal, as Python has it. */
type Ended = Promise<number>;

/** Runs it. @returns the exit code: the entrypoint's, as far as it can be said by one */
export async function runJobSupervisor(): Promise<number> {
  const libc = openLibc();
  libc?.leaveTerminal();
  libc?.becomeSubreaper();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {}); // its daemon decides when it ends
  }
  const order = JSON.parse(await new StartInput().line()) as SupervisorOrder;
  const stopping = Promise.withResolvers<string>();
  const stream = await Deno.connect({ transport: "unix", path: order.socket });
  const link = new Link(stream, {
    peer: "the node's daemon",
    onMessage: ({ message }: Received) => {
      if (message.kind === "worker.drain") stopping.resolve("stopped");
    },
  }).start();
  link.closed.then(() => stopping.resolve("alone"));
  const { fields, body } = await link.request({
    kind: "worker.hello",
    protocol: PROTOCOL_VERSION,
    spawn: order.spawn,
    pid: Deno.pid,
    python: "",
    socket: "",
  });
  const entrypoint = entrypointOf(body);
  const { assignment } = fields;
  const path = jobLogPath(textIn(assignment, "runtime_dir"), entrypoint.submission_id);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const log = openSync(path, "a+", 0o600);
  writeSync(log, `Running entrypoint for job ${entrypoint.submission_id}: ${entrypoint.command}\n`);
  const env = entrypointEnv(order.env, entrypoint, textIn(assignment, "gcs_address"));
  const manner = stopManner(env);
  let run: { child: ChildProcess; ended: Ended };
  try {
    run = await start(entrypoint, { cwd: order.cwd, env, log });
  } catch (error) {
    const message = `Cannot run the entrypoint in ${order.cwd}: ${(error as Error).message}`;
    return await leave(link, { cause: "start", message, code: 1 });
  }
  const looking = setInterval(() => boundLog(path, order.log_limit), LOOK_MS);
  link.send({ kind: "worker.initialized" });
  const child = { pid: run.child.pid!, ended: run.ended };
  const first = await Promise.race([run.ended, stopping.promise]);
  if (typeof first === "string") {
    await endDescendants(
      libc,
      first === "alone" ? { ...manner, patience: 0, child } : {
        ...manner,
        child,
      },
    );
    const code = await run.ended;
    clearInterval(looking);
    return await leave(link, { cause: "exit", message: "It was stopped.", code });
  }
  await endDescendants(libc, { signal: "SIGKILL", patience: 0, child });
  clearInterval(looking);
  const message = first === 0 ? "" : failure(first, log);
  closeSync(log);
  return await leave(link, { cause: "exit", message, code: first });
}

/** Settles once it runs. Rejects where it cannot. */
function start(
  { command }: Entrypoint,
  { cwd, env, log }: { cwd: string; env: Record<string, string>; log: number },
): Promise<{ child: ChildProcess; ended: Ended }> {
  const child = spawn("/bin/sh", ["-c", command], { cwd, env, stdio: ["ignore", log, log] });
  const ended = new Promise<number>((resolve) =>
    child.once("exit", (code, signal) => resolve(code ?? -(signalNumber(signal ?? "") ?? 9)))
  );
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve({ child, ended }));
  });
}

async function leave(
  link: Link,
  { cause, message, code }: { cause: string; message: string; code: number },
): Promise<number> {
  link.send({ kind: "worker.failed", cause, message, exit_code: code });
  await link.flushed();
  return code < 0 ? 128 - code : code;
}

/** Cuts the log where it is too long; its last lines stay. */
function boundLog(path: string, limit: number): void {
  try {
    using file = Deno.openSync(path, { read: true, write: true });
    const { size } = file.statSync();
    if (size <= limit) return;
    const note = `[beam: ${limit} bytes of output were reached; what stood here is gone]`;
    shorten(file, { read: size, keep: Math.min(KEPT, Math.floor(limit / 4)), note });
  } catch { /* the folder was removed under us; output is not worth a job */ }
}

function failure(code: number, log: number): string {
  const what = `Job entrypoint command failed with exit code ${code}`;
  const tail = lastLines(log);
  return tail === ""
    ? `${what}. No logs available.`
    : `${what}, last available logs (truncated to 20,000 chars):\n${tail}`;
}

function lastLines(log: number): string {
  const { size } = fstatSync(log);
  const bytes = new Uint8Array(Math.min(size, TAIL_BYTES));
  const count = readSync(log, bytes, 0, bytes.length, size - bytes.length);
  const text = new TextDecoder().decode(bytes.subarray(0, count));
  const lines = text.replace(/\n$/, "").split("\n");
  // The first line of the log is ours.
  const own = size <= TAIL_BYTES ? lines.slice(1) : lines;
  return own.slice(-TAIL_LINES).join("\n");
}
