/** `beam stack`: what processes are doing that seem stuck. */
import type { ClusterStacks } from "../head/node_questions.ts";
import type { ProcessStacks } from "../node/stacks.ts";
import { Trouble } from "../runtime/errors.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { findActors, findNode } from "./finding.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { askJson, clusterStatus } from "./status_source.ts";

const HELP =
  `Shows what a worker or driver is doing: the Python stacks of its threads and tasks, and where they
are in the kernel. With py-spy on its machine also what runs in C and C++.

Usage:
  beam stack ACTOR | PID | --all [--node NODE] [--json]

Options:
  --all              every worker and driver
  --node NODE        of one node only: its address, host or id
  --json             for programs`;

const FLAGS = {
  all: { kind: "switch" },
  node: { kind: "text", value: "node" },
  json: { kind: "switch" },
} as const;

/** How long the whole may take, in milliseconds: nodes give their processes some seconds. */
export const STACKS_TIMEOUT = 20_000;

async function run(args: string[]): Promise<number> {
  const parsed = parse({ program: "beam stack", flags: FLAGS, positionals: 1 }, args);
  const { values, positionals: [wanted] } = parsed;
  if ((wanted === undefined) !== values.all) {
    throw new UsageError(
      "Cannot tell whose stack is meant: name an actor or a pid, or give --all",
      "`beam actors` lists the actors, `beam jobs` the drivers.",
    );
  }
  const stacks = await stacksOf({ wanted, node: values.node });
  if (values.json) printJson(stacks.nodes);
  else print(stacksText(stacks));
  return EXIT.done;
}

/** @throws {Trouble} where no process is called so */
export async function stacksOf(
  { wanted, node }: { wanted?: string | undefined; node?: string | undefined },
): Promise<ClusterStacks> {
  const ask: { node_id?: string; pid?: number; actor_id?: string } = {};
  const isPid = wanted !== undefined && /^\d{1,9}$/.test(wanted);
  if (isPid) ask.pid = Number(wanted);
  if (node !== undefined || (wanted !== undefined && !isPid)) {
    const status = await clusterStatus();
    if (node !== undefined) ask.node_id = findNode(status, node).node_id;
    const [actor] = wanted === undefined || isPid ? [] : findActors(status, wanted);
    if (actor) ask.actor_id = actor.actor_id;
    else if (wanted !== undefined && !isPid) throw noProcess(wanted);
  }
  const found = await askJson<ClusterStacks>({ kind: "query.stacks", ...ask }, {
    timeout: STACKS_TIMEOUT,
  });
  if (wanted === undefined) return found;
  const nodes = found.nodes.filter(({ processes }) => (processes ?? []).length > 0);
  if (nodes.length === 0) throw noProcess(wanted);
  return { ...found, nodes };
}

function noProcess(wanted: string): Trouble {
  return new Trouble(
    `Cannot show the stack of ${wanted}: no worker or driver of the cluster is called so`,
    "`beam actors` lists the actors with their pids, `beam jobs` the drivers.",
    { code: "no_process" },
  );
}

/** All of it, for people. */
export function stacksText({ nodes }: Pick<ClusterStacks, "nodes">): string {
  const parts = nodes.flatMap(({ node_ip, fault, processes = [] }) =>
    fault !== undefined
      ? [`Node ${node_ip} does not tell: ${fault}`]
      : processes.map((process) => processText(process, node_ip))
  );
  return parts.join("\n\n") || "No worker or driver runs.";
}

function processText(process: ProcessStacks, node_ip: string): string {
  const { who, pid, python, told_by, fault, threads } = process;
  const by = told_by === "py-spy" ? " (by py-spy)" : "";
  const lines = [`${who}, pid ${pid} on ${node_ip}${by}`];
  if (python !== undefined) lines.push(...python.trimEnd().split("\n"));
  else lines.push(`No Python stack: ${fault}`);
  const told = threads.map(({ tid, name, state, waits_in }) =>
    `${tid} ${name} ${state}${waits_in === "" ? "" : ` in ${waits_in}`}`
  );
  if (told.length > 0) lines.push("Threads in the kernel:", ...told.map((text) => `  ${text}`));
  return lines.join("\n  ");
}

export const stack: Command = {
  name: "beam stack",
  help: HELP,
  flags: FLAGS,
  takes: ["actor"],
  run,
};
