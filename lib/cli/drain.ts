/** `beam drain`: takes a node out of the cluster without harm to what runs on it. */
import { Trouble } from "../runtime/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import { askStatus, type NodeView, shortId, STATUS_TIMEOUT } from "./cluster_status.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { withDaemon } from "./daemon_choice.ts";
import { whileAway } from "./head_away.ts";
import { nodeCalled } from "./node_choice.ts";
import { seconds } from "./numbers.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";
import { patiently } from "./patience.ts";

const HELP = `Takes a node out: it gets no new work, and this waits until it is empty.

Usage:
  beam drain NODE [--timeout SECONDS] [--deadline SECONDS] [--json]
  beam drain --undo NODE

NODE is a node's id or the beginning of it, its address or its name, as \`beam nodes\` shows them.
Run it on any machine of the cluster.

Options:
  --timeout SECONDS    how long to wait (default 300); the node stays draining after it
  --deadline SECONDS   what still runs there after this is ended: actors with restarts left start
                       elsewhere, and placement groups look for other nodes. Programs (drivers) on
                       the node are not ended
  --undo               let the node take new work again
  --json               print what there is on it, for programs

Exit code 1 where the node is not empty when the time is over.`;

const FLAGS = {
  timeout: { kind: "text", setting: true, value: "seconds" },
  deadline: { kind: "text", value: "seconds" },
  undo: { kind: "switch" },
  json: { kind: "switch" },
} as const;

/** How often the head is asked, in milliseconds. */
const ASK_INTERVAL = 250;
/** How many are listed by name. */
const MOST_NAMED = 8;

/** What there is on a node. */
export type NodeWork = Reply<"query.work">;

async function run(args: string[]): Promise<number> {
  const { values, positionals: [called] } = parse(
    { program: "beam drain", flags: FLAGS, positionals: 1 },
    args,
  );
  if (called === undefined) {
    throw new UsageError(
      "Cannot drain: say which node",
      "Use `beam drain NODE`; `beam nodes` lists them.",
    );
  }
  if (values.undo && (values.timeout ?? values.deadline) !== undefined) {
    throw new UsageError(
      "Cannot use --undo with --timeout or --deadline: it waits for nothing",
      "Use `beam drain --undo NODE`.",
    );
  }
  const timeout = seconds("--timeout", values.timeout ?? "300");
  const deadline = values.deadline === undefined
    ? undefined
    : seconds("--deadline", values.deadline);
  return await withDaemon({ anyNode: true }, async (link) => {
    const status = await askStatus(link).catch(async (error) => {
      throw await whileAway(link, error);
    });
    const node = nodeCalled(status.nodes, called);
    if (values.undo) return await takeBack(link, node, values.json);
    await ask(link, { kind: "node.drain", node: node.node_id });
    const work = await waitUntilEmpty(link, node, { timeout, deadline, quiet: values.json });
    if (values.json) printJson(factsOf(node, work));
    else print(emptyText(node, work));
    return EXIT.done;
  });
}

async function takeBack(link: Link, node: NodeView, json: boolean): Promise<number> {
  await ask(link, { kind: "node.drain", node: node.node_id, undo: true });
  const work = await workOn(link, node);
  if (json) printJson(factsOf(node, work));
  else print(`Node ${nameText(node)} takes new work again.`);
  return EXIT.done;
}

interface Patience {
  timeout: number;
  /** When what is still there is ended, in milliseconds from now. */
  deadline: number | undefined;
  /** Says nothing meanwhile. */
  quiet: boolean;
}

async function waitUntilEmpty(link: Link, node: NodeView, patience: Patience): Promise<NodeWork> {
  const { timeout, deadline, quiet } = patience;
  const begun = performance.now();
  let told = "";
  let evicted = false;
  const tell = (text: string) => {
    if (text !== told && !quiet) say(`beam: ${text}.`);
    told = text;
  };
  while (true) {
    const waited = performance.now() - begun;
    const work = await orAway(workOn(link, node), timeout - waited);
    if (!work) {
      tell("The head does not answer. Waiting for it");
      continue;
    }
    if (isEmpty(work)) return work;
    checkStillDraining(node, work);
    if (deadline !== undefined && waited >= deadline && !evicted) {
      if (!quiet) say(`beam: Ending what still runs on ${nameText(node)}.`);
      const evict = ask(link, { kind: "node.drain", node: node.node_id, evict: true });
      evicted = await orAway(evict, timeout - waited) !== undefined;
      continue;
    }
    if (waited + ASK_INTERVAL > timeout) throw notEmpty(node, work, patience);
    tell(`Node ${nameText(node)} still has ${workText(work)}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_INTERVAL));
  }
}

/** An answer, or undefined where the head is away: it may be back before `left` milliseconds are over. */
async function orAway<T>(asked: Promise<T>, left: number): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const isAway = error instanceof Trouble && error.code === "timeout";
    if (!isAway || left < STATUS_TIMEOUT) throw error;
    return undefined;
  }
}

function checkStillDraining(node: NodeView, { state }: NodeWork): void {
  if (state !== "alive") return;
  throw new Trouble(
    `Cannot go on draining ${nameText(node)}: somebody let it take new work again`,
    "`beam drain --undo` did that; run `beam drain` again where it was a mistake.",
    { code: "undone" },
  );
}

function notEmpty(node: NodeView, work: NodeWork, { timeout, deadline }: Patience): Trouble {
  const ends = deadline === undefined
    ? ", or end it with `beam drain --deadline 0`"
    : work.drivers.length > 0
    ? "; end the programs that run there"
    : "";
  return new Trouble(
    `Cannot go on: after ${timeout / 1000} s the node ${nameText(node)} still has ${
      workText(work)
    }`,
    `It takes no new work. Wait longer with --timeout${ends}; \`beam drain --undo\` takes it back.`,
    { code: "timeout" },
  );
}

/** Asks the head through this machine's daemon. @throws {Trouble} where it does not answer in time */
async function ask<K extends "node.drain" | "query.work">(
  link: Link,
  message: Parameters<typeof link.request<K>>[0],
): Promise<Reply<K>> {
  try {
    const timeout = STATUS_TIMEOUT;
    const quiet = message.kind === "query.work"; // asked again and again: who does that says what for
    const answer = await patiently((signal) => link.request<K>(message, { signal }), {
      timeout,
      quiet,
    });
    return answer.fields;
  } catch (error) {
    throw await whileAway(link, error);
  }
}

async function workOn(link: Link, { node_id }: NodeView): Promise<NodeWork> {
  const { state, actors, tasks, groups, drivers, values } = await ask<"query.work">(link, {
    kind: "query.work",
    node: node_id,
  });
  return { state, actors, tasks, groups, drivers, values };
}

/** True where nothing runs there that the node's end would harm, but for values. */
export function isEmpty({ actors, tasks, groups, drivers }: NodeWork): boolean {
  return actors.length + tasks + groups.length + drivers.length === 0;
}

/** What there is, for a sentence. */
export function workText(work: NodeWork): string {
  const { actors, tasks, groups, drivers } = work;
  const names = [...actors, ...groups, ...drivers].map(String);
  const rest = names.length - MOST_NAMED;
  const parts = names.slice(0, MOST_NAMED);
  if (rest > 0) parts.push(`${rest} more`);
  if (tasks > 0) parts.push(tasks === 1 ? "1 worker for tasks" : `${tasks} workers for tasks`);
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function emptyText(node: NodeView, { values }: NodeWork): string {
  const files = values === 1 ? "1 large value lies" : `${values} large values lie`;
  return [
    `Node ${nameText(node)} is empty and takes no new work.`,
    ...(values > 0 ? [`${files} there, and would be lost with it.`] : []),
    "Take it out with `beam down` there, or exchange its beam with `beam up --replace`; let it take " +
    `work again with \`beam drain --undo ${shortId(node.node_id)}\`.`,
  ].join("\n");
}

function factsOf({ node_id, ip }: NodeView, work: NodeWork): Record<string, unknown> {
  return { node_id, node_ip: ip, empty: isEmpty(work), ...work };
}

function nameText({ ip, node_id }: NodeView): string {
  return `${ip} (${shortId(node_id)})`;
}

export const drain: Command = {
  name: "beam drain",
  help: HELP,
  flags: FLAGS,
  takes: ["node"],
  run,
};
