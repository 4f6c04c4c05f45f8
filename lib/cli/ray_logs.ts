/** `ray logs`: logs of a node, an actor, a worker or a submitted job, by Ray's flags. */
import { Trouble } from "../runtime/errors.ts";
import type { ClusterStatus } from "./cluster_status.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { findActors, findNode } from "./finding.ts";
import { LogFollower } from "./log_follower.ts";
import { findLogs, type FoundLog } from "./log_source.ts";
import { wholeNumber } from "./numbers.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER } from "./ray_address.ts";
import { clusterStatus } from "./status_source.ts";

const HELP = `Shows logs of the cluster's nodes. \`beam logs\` has the same, with fewer words.

Usage:
  ray logs [cluster] [GLOB]     the files of a node that GLOB fits; a single one is shown
  ray logs actor                what an actor prints
  ray logs worker               what a worker prints
  ray logs job                  what a submitted job prints

Options:
  -a, --id ID             of this actor (its id), or of this job (its submission id)
  --pid PID               of the actor or worker with this pid
  --err                   what goes to standard error, not to standard output
  --node-id ID            of this node (default the head's)
  --node-ip IP            the same by address; also --ip
  -f, --follow            go on with what is written
  --tail N                the last N lines (default 1000); -1: all
  --interval SECONDS      accepted, without effect: what is new comes at once
  --timeout SECONDS       accepted, without effect
  --encoding NAME         accepted: it must be utf-8
  --encoding-errors HOW   accepted, without effect
  --address HOST:PORT     accepted where it is this machine's cluster`;

const FLAGS = {
  id: { kind: "text", short: "a" },
  pid: { kind: "text" },
  err: { kind: "switch" },
  "node-id": { kind: "text" },
  "node-ip": { kind: "text" },
  ip: { kind: "text" },
  follow: { kind: "switch", short: "f" },
  tail: { kind: "text" },
  interval: { kind: "text" },
  timeout: { kind: "text" },
  encoding: { kind: "text" },
  "encoding-errors": { kind: "text" },
  address: { kind: "text" },
} as const;

/** What is asked for. */
interface Wanted {
  of: "cluster" | "actor" | "worker" | "job";
  glob: string;
  id: string | undefined;
  pid: number | undefined;
  stream: "out" | "err";
  /** A node's id or address. */
  node: string | undefined;
}

/** Ray's words for who writes a log. */
const GROUPS: Readonly<Record<FoundLog["of"], string>> = {
  daemon: "raylet",
  head: "gcs_server",
  worker: "worker",
  job: "driver",
  other: "internal",
};

async function run(args: string[]): Promise<number> {
  const parsed = parse({ program: "ray logs", flags: FLAGS, positionals: 2 }, args);
  const { values } = parsed;
  const wanted = wantedOf(parsed.positionals, {
    id: values.id,
    pid: values.pid === undefined ? undefined : wholeNumber("--pid", values.pid),
    stream: values.err ? "err" : "out",
    node: values["node-id"] ?? values["node-ip"] ?? values.ip,
  });
  const lines = values.tail === "-1" ? Infinity : wholeNumber("--tail", values.tail ?? "1000");
  if (values.encoding !== undefined && !/^utf-?8$/i.test(values.encoding)) {
    throw new UsageError(
      `Cannot use --encoding=${values.encoding}: only utf-8 can be shown`,
      "Leave it out, or read the file with ray.util.state.get_log.",
    );
  }
  try {
    const status = await clusterStatus();
    const found = await choose(status, wanted);
    if (wanted.of === "cluster" && found.length !== 1) {
      const { node_id } = nodeOf(status, wanted.node);
      print(`Node ID: ${node_id}`);
      print(groupsText(found));
      return EXIT.done;
    }
    await new LogFollower({ lines, follow: values.follow }).show(found);
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    say(NO_CLUSTER);
    return EXIT.failed;
  }
}

function wantedOf(words: readonly string[], rest: Omit<Wanted, "of" | "glob">): Wanted {
  const [first = "cluster", second] = words;
  switch (first) {
    case "task":
      throw new UsageError(
        "Cannot show the log of a task: it prints into its worker's log",
        "Use `ray logs worker --pid PID`; `ray list tasks --detail` tells the worker.",
      );
    case "actor":
    case "worker":
    case "job":
      if (rest.id === undefined && rest.pid === undefined) {
        throw new UsageError(
          `Cannot tell which ${first} is meant`,
          `Give ${first === "worker" ? "--pid PID" : "--id ID"}.`,
        );
      }
      return { of: first, glob: "*", ...rest };
    case "cluster":
      return { of: "cluster", glob: second ?? "*", ...rest };
    default:
      return { of: "cluster", glob: first, ...rest };
  }
}

async function choose(status: ClusterStatus, wanted: Wanted): Promise<FoundLog[]> {
  const { of, glob, id, pid, stream, node } = wanted;
  if (of === "cluster") {
    const { node_id } = nodeOf(status, node);
    const { logs } = await findLogs(status, { node: node_id });
    const pattern = globPattern(glob);
    return logs.filter(({ name }) => pattern.test(name));
  }
  const what = id ?? String(pid);
  if (of === "actor" && id !== undefined && findActors(status, id).length === 0) {
    throw nothing(what);
  }
  const { logs } = await findLogs(status, { what, node });
  const own = logs.filter((log) => log.of === "job" || log.stream === stream);
  // Of several lives the last.
  const last = Math.max(...own.map(({ incarnation }) => incarnation ?? 0));
  const found = own.filter(({ incarnation }) => (incarnation ?? 0) === last);
  if (found.length === 0) throw nothing(what);
  return found;
}

function nodeOf(status: ClusterStatus, node: string | undefined) {
  if (node !== undefined) return findNode(status, node);
  const head = status.nodes.find(({ is_head, alive }) => is_head && alive) ?? status.nodes[0];
  if (head) return head;
  throw new Trouble("Cannot show logs: the cluster has no node", "See `beam status`.");
}

function nothing(what: string): Trouble {
  return new Trouble(
    `Cannot find a log of ${what}: no node has one`,
    "`ray logs --node-ip IP` lists a node's; what never printed anything has none.",
    { code: "no_log" },
  );
}

/** As YAML: names by who writes them. */
export function groupsText(logs: readonly Pick<FoundLog, "of" | "stream" | "name">[]): string {
  const groups = Map.groupBy(
    logs,
    ({ of, stream }) => of === "worker" ? `worker_${stream}` : GROUPS[of],
  );
  if (groups.size === 0) return "---\n{}\n...";
  const lines = [...groups].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([group, own]) => [
    `${group}:`,
    ...own.map(({ name }) => `-   ${name}`),
  ]);
  return ["---", ...lines, "..."].join("\n");
}

/** `*` and `?` as a shell has them. */
export function globPattern(glob: string): RegExp {
  const text = glob.replace(/[\\^$.+()[\]{}|]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${text}$`);
}

export const rayLogs: Command = { name: "ray logs", help: HELP, flags: FLAGS, run };
