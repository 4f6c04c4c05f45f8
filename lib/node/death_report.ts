/**
 * The report of a worker's end. Pure: what is known goes in, the sentences come out. The report
 * travels in the error that a caller gets, so it says where, how, why, and what to do.
 */
import { bounded, type DeathReport } from "../cluster/death.ts";
import { causeIn, causeOfSignal, saysPeerLost } from "./death_causes.ts";
import { causeInKernel } from "./gpu_faults.ts";
import { saysOutOfMemory } from "./kernel_words.ts";
import { endingOf } from "./wait_status.ts";

/** Most of stderr that a report carries. */
export const TAIL_LINES = 40;
export const TAIL_BYTES = 8 * 1024;

/** What the worker said before it ended, see the message `worker.failed`. */
export interface LastWord {
  kind: string;
  message: string;
  traceback?: string;
  mend?: string;
  /** Instead of the process's own. */
  exit_code?: number;
}

/** What is known about an end. */
export interface DeathFacts {
  node_id: string;
  node_ip: string;
  pid?: number;
  devices: string[];
  /** Milliseconds since the epoch. */
  now: number;
  /** When the worker was asked for. */
  started_at: number;
  /** Raw wait status, where the process was waited for. */
  status?: number;
  /** The end of its stderr, at most 64 KiB. */
  stderr: string;
  /** Why beam ended it, where it did. */
  asked?: DeathReport;
  said?: LastWord;
  /** It had not come as far as its hello. */
  unready: boolean;
  /** See {@link DeathReport}. */
  unbegun?: boolean;
  /** The kernel counted an out-of-memory kill while it ran. */
  oom?: boolean;
  kernel?: string[];
  /** It went with its template, whose end this was. */
  lost?: string;
  /** See {@link DeathReport}. */
  who?: string;
  crew?: string;
}

/** The report about these facts. */
export function deathReport({ said, ...others }: DeathFacts): DeathReport {
  const facts: DeathFacts = { ...others, ...(said && { said: bounded(said) }) };
  const report: DeathReport = {
    ...verdict(facts),
    node_id: facts.node_id,
    node_ip: facts.node_ip,
    uptime_ms: Math.max(0, facts.now - facts.started_at),
    at: facts.now,
  };
  if (facts.who !== undefined) report.who = facts.who;
  if (facts.crew !== undefined) report.crew = facts.crew;
  if (lostPeer(facts)) report.peer_lost = true;
  if (facts.unbegun) report.unbegun = true;
  if (facts.pid !== undefined) report.pid = facts.pid;
  if (facts.devices.length > 0) report.devices = facts.devices;
  const tail = [...stderrTail(facts.stderr), ...(facts.kernel ?? []).map((l) => `kernel: ${l}`)];
  if (tail.length > 0) report.stderr_tail = tail;
  const traceback = facts.said?.traceback ?? firstTraceback(facts.stderr);
  if (traceback !== undefined) report.traceback = traceback;
  if (facts.status !== undefined) {
    const ending = endingOf(facts.status);
    if (ending.kind === "exit") report.exit_code = ending.code;
    else report.signal = ending.signal;
  }
  if (facts.said?.exit_code !== undefined) report.exit_code = facts.said.exit_code;
  return bounded(report);
}

/** Most of stderr in which it may say that it lost another: earlier trouble was overcome. */
const PARTING_BYTES = 16 * 1024;

/** True where it ended because it could not go on without another, by its own last words. */
function lostPeer({ asked, said, status, stderr }: DeathFacts): boolean {
  if (asked || said?.kind === "exit" || said?.kind === "start") return false;
  if (said === undefined) {
    if (status === undefined) return false;
    const ending = endingOf(status);
    // Who is killed from outside, or crashes, does so for a reason of its own.
    if (ending.kind === "signal" && ending.signal !== "SIGABRT") return false;
  }
  return saysPeerLost([said?.message, said?.traceback, stderr.slice(-PARTING_BYTES)]);
}

type Verdict = Pick<DeathReport, "kind" | "message" | "mend" | "caused_by">;

function verdict(facts: DeathFacts): Verdict {
  const { said, asked } = facts;
  const where = `${facts.pid === undefined ? "" : `pid ${facts.pid} `}on ${facts.node_ip}`;
  if (asked) return { ...asked };
  if (said?.kind === "init") {
    const cause = causeIn(said.message);
    return { kind: "init", message: said.message, ...(cause ? { mend: cause.mend } : {}) };
  }
  if (said?.kind === "exit") return { kind: "exit", message: said.message };
  if (said?.kind === "start") {
    if (said.mend !== undefined) return { kind: "start", message: said.message, mend: said.mend };
    return told("start", said.message, causeIn(said.message + "\n" + facts.stderr));
  }
  if (facts.lost !== undefined) {
    return { kind: "signal", message: `The worker process (${where}) was lost: ${facts.lost}` };
  }
  const kind = facts.unready ? "start" : undefined;
  const early = facts.unready ? " before it was ready" : "";
  if (facts.status === undefined) {
    return told(kind ?? "exit", `The worker process (${where}) is gone${early}`, undefined);
  }
  const ending = endingOf(facts.status);
  if (ending.kind === "exit") {
    const subject = `The worker process (${where}) exited with code ${ending.code}${early}`;
    return told(
      kind ?? "exit",
      subject,
      causeInKernel(facts.kernel ?? []) ?? causeIn(facts.stderr),
    );
  }
  const subject = `The worker process (${where}) was ended by ${ending.signal}${early}`;
  if (ending.signal === "SIGKILL" && (facts.oom || saysOutOfMemory(facts.kernel ?? []))) {
    return told(kind ?? "signal", subject, {
      text: "the kernel killed it for lack of memory",
      mend: "Give it less to hold, run fewer workers there, or raise the memory limit of that " +
        "node's container.",
    });
  }
  const cause = causeInKernel(facts.kernel ?? []) ?? causeIn(facts.stderr);
  return told(kind ?? "signal", subject, cause ?? causeOfSignal(ending.signal));
}

function told(
  kind: DeathReport["kind"],
  subject: string,
  cause: { text: string; mend: string } | undefined,
): Verdict {
  if (cause === undefined) return { kind, message: `${subject.replace(/\.$/, "")}.` };
  return { kind, message: `${subject.replace(/\.$/, "")}: ${cause.text}.`, mend: cause.mend };
}

/** The last lines, within what a report carries. */
export function stderrTail(text: string): string[] {
  const whole = text.split("\n");
  const lines = whole.slice(0, whole.findLastIndex((line) => line !== "") + 1).slice(-TAIL_LINES);
  let bytes = 0;
  const kept: string[] = [];
  for (const line of lines.reverse()) {
    // A progress bar rewrites its line; only what stood there last is worth the room.
    const shown = (line.split("\r").findLast((state) => state !== "") ?? "").slice(0, 2000);
    bytes += shown.length + 1;
    if (bytes > TAIL_BYTES) break;
    kept.unshift(shown);
  }
  return kept;
}

/** The first Python traceback, which is the cause of those after it; cut in its middle where long. */
export function firstTraceback(text: string): string | undefined {
  const start = text.indexOf("Traceback (most recent call last):");
  if (start < 0) return undefined;
  const [head, ...rest] = text.slice(start).split("\n");
  const lines = [head!];
  for (const line of rest) {
    lines.push(line);
    if (line !== "" && !/^\s/.test(line)) break; // the exception's own line
  }
  if (lines.length > 60) {
    lines.splice(20, lines.length - 60, `  … ${lines.length - 60} lines left out …`);
  }
  return lines.join("\n");
}
