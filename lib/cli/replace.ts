/**
 * `beam up --replace`: puts this beam in place of the one that runs here. The head's process takes over
 * from its journal while workers and calls go on; the daemon is exchanged where nothing runs on its node.
 */
import { selfCommand } from "../runtime/launcher.ts";
import { processEnv, runtimeDir } from "../runtime/paths.ts";
import { type DaemonRecord, recordOf } from "../runtime/records.ts";
import { Trouble } from "../runtime/errors.ts";
import { buildName } from "../runtime/version.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import { EXIT } from "./command.ts";
import { linkTo } from "./daemon_choice.ts";
import { print, printJson, say } from "./output.ts";
import { daemonInfo } from "./patience.ts";

/** How long a head or daemon may take to be exchanged, in milliseconds. */
const REPLACE_TIMEOUT = 120_000;

/** A process that was exchanged. */
export interface Exchange {
  pid: number;
  build: string;
  /** The build that ran before. */
  former: string;
}

/** What was exchanged on a node. */
export interface Replaced {
  node_ip: string;
  /** Absent where the head does not run there. */
  head?: Exchange;
  /** Absent where it stayed. */
  daemon?: Exchange;
  /** Why the daemon stayed. */
  daemon_stays?: { code: string; message: string; mend: string };
}

/** What takes the place of another. */
interface Successor {
  command: string[];
  protocol: number;
  build: string;
}

/**
 * Runs the command.
 * @throws {Trouble} where no node runs here, {@link RequestFailed} where nothing could be exchanged.
 */
export async function replace({ json }: { json: boolean }): Promise<number> {
  const runtime = runtimeDir();
  const record = await recordOf(runtime);
  if (!record) {
    throw new Trouble(
      `Cannot replace a node: none runs in the runtime directory ${runtime}`,
      "Start one with `beam up --head` or `beam up --join HOST`.",
      { code: "none" },
    );
  }
  const begun = performance.now();
  const replaced = await replaceNode(record);
  if (json) printJson(replaced);
  else {
    for (const line of replacedLines(replaced, Math.round(performance.now() - begun))) print(line);
    const { daemon_stays: stays } = replaced;
    if (stays) say(`beam: ${stays.message}.\nbeam: ${stays.mend}`);
  }
  return EXIT.done;
}

async function replaceNode(record: DaemonRecord): Promise<Replaced> {
  const { node_ip, is_head } = record;
  const successor = { command: selfCommand(), protocol: PROTOCOL_VERSION, build: buildName() };
  const link = await linkTo(record);
  try {
    const before = await daemonInfo(link);
    const daemon = await replaceDaemon(link, successor);
    if (daemon instanceof RequestFailed) {
      // On the head's machine, its process is what matters: it can go while workers stay.
      if (!is_head) throw daemon;
      const { code, message, mend = "" } = daemon;
      const head = await replaceHead(link, successor);
      return { node_ip, head, daemon_stays: { code, message, mend } };
    }
    const { pid, build } = daemon;
    const exchanged: Replaced = { node_ip, daemon: { pid, build, former: record.build } };
    if (is_head) {
      const { head_pid = 0, head_build = build } = await infoOf(daemon);
      exchanged.head = { pid: head_pid, build: head_build, former: before.head_build ?? "" };
    }
    return exchanged;
  } finally {
    link.close();
  }
}

async function replaceHead(link: Link, successor: Successor): Promise<Exchange> {
  const { fields: { pid, build, former } } = await link.request<"head.replace">(
    { kind: "head.replace", ...successor },
    { signal: AbortSignal.timeout(REPLACE_TIMEOUT) },
  );
  return { pid, build, former };
}

/** The new daemon's record, or why the present one has to stay. */
async function replaceDaemon(
  link: Link,
  successor: Successor,
): Promise<DaemonRecord | RequestFailed> {
  const launcher = processEnv("BEAM_LAUNCHER");
  try {
    const { fields } = await link.request<"daemon.replace">(
      { kind: "daemon.replace", ...successor, ...(launcher ? { launcher } : {}) },
      { signal: AbortSignal.timeout(REPLACE_TIMEOUT) },
    );
    return fields.record as unknown as DaemonRecord;
  } catch (error) {
    if (error instanceof RequestFailed && ["busy", "held"].includes(error.code)) return error;
    throw error;
  }
}

async function infoOf(record: DaemonRecord) {
  const link = await linkTo(record);
  try {
    return await daemonInfo(link);
  } finally {
    link.close();
  }
}

/** What was exchanged, for people. */
export function replacedLines({ node_ip, head, daemon }: Replaced, ms: number): string[] {
  const text = (what: string, { pid, build, former }: Exchange) =>
    `${what} of ${node_ip} is beam ${build} now (pid ${pid}${
      former === "" || former === build ? "" : `, before: ${former}`
    }).`;
  return [
    ...(head ? [text("The head", head)] : []),
    ...(daemon ? [text("The daemon", daemon)] : []),
    `It took ${(ms / 1000).toFixed(1)} s.` +
    (head && !daemon ? " Workers, their calls and programs went on meanwhile." : ""),
  ];
}
