/** `beam logs`: logs of any node of the cluster. */
import { Trouble } from "../runtime/errors.ts";
import { type Command, EXIT } from "./command.ts";
import { chooseDaemon } from "./daemon_choice.ts";
import { timeText } from "./events_text.ts";
import { showLocalLogs } from "./local_logs.ts";
import { endWithReader } from "./left_reader.ts";
import { LogFollower } from "./log_follower.ts";
import { findLogs, type Found, type FoundLog } from "./log_source.ts";
import { wholeNumber } from "./numbers.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";
import { clusterStatus } from "./status_source.ts";
import { table } from "./table.ts";

const HELP = `Shows logs of any node of the cluster, from any node.

Usage:
  beam logs                list the files
  beam logs WHAT           the ends of the logs of WHAT

Options:
  -n, --lines N            how many lines of each (default 100)
  -f, --follow             go on with what is written
  --node NODE              of that node only: its address, host or id
  --json                   the list, for programs

WHAT is an actor's name, class or id, a job's id, a worker's pid, daemon (this machine's; with
--node another's), head, or a part of a file's name. A follower of an actor goes on with its next life
when it is started again, and ends with its death.`;

const FLAGS = {
  lines: { kind: "text", short: "n" },
  follow: { kind: "switch", short: "f" },
  node: { kind: "text", value: "node" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values, positionals: [what] } = parse(
    { program: "beam logs", flags: FLAGS, positionals: 1 },
    args,
  );
  const { node, follow, json } = values;
  const lines = wholeNumber("--lines", values.lines ?? "100");
  if (follow) endWithReader();
  const local = { what, lines, follow, json };
  // Wanted above all when the head is away.
  if (node === undefined && await isHere(what)) {
    await showLocalLogs(local);
    return EXIT.done;
  }
  let found: Found;
  try {
    found = await findLogs(await clusterStatus(), { what, node });
  } catch (error) {
    if (node !== undefined || !isUnanswered(error)) throw error;
    if (error.code !== "none") say(`${error.message}. These are this machine's own logs.`);
    await showLocalLogs(local);
    return EXIT.done;
  }
  const { logs, actor, faults } = found;
  for (const fault of faults) say(`${fault[0]!.toUpperCase()}${fault.slice(1)}`);
  if (logs.length === 0 && what !== undefined && !(follow && actor)) throw nothing(what, node);
  if (json) printJson(logs);
  else if (what === undefined) print(logsTable(logs));
  else await new LogFollower({ lines, follow, actor }).show(logs);
  return EXIT.done;
}

/** True where this machine's node has it, and no other needs to be asked. */
async function isHere(what: string | undefined): Promise<boolean> {
  if (what !== "daemon" && what !== "head") return false;
  try {
    const { record } = await chooseDaemon();
    return record !== undefined && (what === "daemon" || record.is_head);
  } catch {
    return false;
  }
}

function isUnanswered(error: unknown): error is Trouble {
  return error instanceof Trouble && (error.code === "none" || error.code === "timeout");
}

function nothing(what: string, node: string | undefined): Trouble {
  return new Trouble(
    `Cannot show logs of ${what}: no actor, job, worker or file is called so${
      node === undefined ? "" : ` on ${node}`
    }`,
    "`beam logs` lists the files, `beam actors --all` the actors; a dead node's logs are on its machine.",
    { code: "no_log" },
  );
}

/** One line per file. */
export function logsTable(logs: readonly FoundLog[]): string {
  return table(
    ["NODE", "FILE", "OF", "PID", "BYTES", "WRITTEN"],
    logs.map((log) => [
      log.node_ip,
      log.name,
      log.class_name ?? log.submission_id ?? (log.of === "other" ? "" : log.of),
      log.pid === undefined ? "" : String(log.pid),
      String(log.bytes),
      timeText(log.modified),
    ]),
  );
}

export const logs: Command = { name: "beam logs", help: HELP, flags: FLAGS, takes: ["actor"], run };
