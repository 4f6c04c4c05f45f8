/** What is asked of nodes on behalf of people: their logs, what their processes do, how busy they are. */
import type { NodeReadings } from "../cluster/readings.ts";
import type { LogFileView } from "../node/node_logs.ts";
import type { NodeStacks } from "../node/stacks.ts";
import { addressText } from "../wire/address.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Fields, Message, Reply, RequestKind } from "../wire/messages.ts";
import type { Answer, HeadState } from "./state.ts";

/** How long a node may take for a list, in milliseconds. */
const LIST_PATIENCE = 5000;
/** How long one may take for stacks: longer than it gives its processes. */
const STACKS_PATIENCE = 15_000;

/** Longest name of a file that is believed. */
const LONGEST_NAME = 255;

/** One node's answer. The field names go over the wire and into `--json` unchanged. */
export interface NodeAnswer {
  node_id: string;
  node_ip: string;
  /** Why it did not answer. */
  fault?: string;
}

/** `query.logs`, of one node. */
export type NodeLogsView = NodeAnswer & { files: LogFileView[] };

/** `query.stacks`. */
export interface ClusterStacks {
  head: {
    pid: number;
    memory_bytes: number;
    address: string;
    /** What those who ask wait for: `actor/<id>`, `group/<id>`, …, and how many each. */
    waiting: Record<string, number>;
    journal_failure?: string;
    /** Bytes that wait to be sent, by node. */
    unsent: Record<string, number>;
  };
  nodes: (NodeAnswer & Partial<NodeStacks>)[];
}

/** `query.readings`, of one node. */
export type NodeReadingsView = NodeAnswer & { rtt_ms?: number; readings?: NodeReadings };

/** Answers `query.logs`; never rejects. */
export async function logsOf(
  state: HeadState,
  { node_id, match }: Fields<"query.logs">,
  answer: Answer,
): Promise<void> {
  try {
    const found = await askNodes(state, node_id ?? undefined, {
      message: match ? { kind: "node.logs", match } : { kind: "node.logs" },
      patience: LIST_PATIENCE,
    });
    give(
      answer,
      found.map(({ told, ...node }): NodeLogsView => ({ ...node, files: filesOf(told) })),
    );
  } catch (error) {
    answer.refuse(error);
  }
}

/** Answers `query.log`; never rejects. */
export async function logOf(
  state: HeadState,
  { node_id, file, offset, lines, most, wait_ms }: Fields<"query.log">,
  answer: Answer,
): Promise<void> {
  try {
    const question = { file, offset, most, wait_ms, ...(typeof lines === "number" && { lines }) };
    const link = linkTo(state, node_id);
    const { fields, body } = await link.request({ kind: "node.log", ...question })
      .catch((error) => {
        throw error instanceof LinkClosed ? nodeGone(state, node_id) : error;
      });
    const { size, running } = fields;
    answer.give({ size, offset: fields.offset, running } satisfies Reply<"query.log">, body);
  } catch (error) {
    answer.refuse(error);
  }
}

/** Answers `query.stacks`; never rejects. */
export async function stacksOf(
  state: HeadState,
  { node_id, pid, actor_id }: Fields<"query.stacks">,
  answer: Answer,
): Promise<void> {
  try {
    const found = await askNodes(state, node_id ?? undefined, {
      message: {
        kind: "node.stacks",
        ...(typeof pid === "number" && { pid }),
        ...(typeof actor_id === "string" && { actor_id }),
      },
      patience: STACKS_PATIENCE,
    });
    const nodes = found.map(({ told, ...node }) => ({ ...node, ...stacksIn(told) }));
    const stacks: ClusterStacks = { head: headFacts(state), nodes };
    const body = new TextEncoder().encode(JSON.stringify(stacks));
    answer.give({ count: nodes.length }, body);
  } catch (error) {
    answer.refuse(error);
  }
}

/** Answers `query.readings`; never rejects. */
export async function readingsOfNodes(state: HeadState, answer: Answer): Promise<void> {
  try {
    const { readings } = state;
    await readings.want();
    give(
      answer,
      present(state).map(({ node_id, ip }): NodeReadingsView => {
        const [last, rtt_ms] = [readings.get(node_id), readings.rtt(node_id)];
        return {
          node_id,
          node_ip: ip,
          ...(last !== undefined && { readings: last }),
          ...(rtt_ms !== undefined && { rtt_ms }),
        };
      }),
    );
  } catch (error) {
    answer.refuse(error);
  }
}

function give(answer: Answer, list: unknown[]): void {
  answer.give({ count: list.length }, new TextEncoder().encode(JSON.stringify(list)));
}

/** What a node says of its files, as far as it is that. */
function filesOf(told: unknown): LogFileView[] {
  if (!Array.isArray(told)) return [];
  return told.filter((one): one is LogFileView => {
    const { name, bytes, modified, of } = one ?? {};
    return typeof name === "string" && name.length <= LONGEST_NAME && typeof of === "string" &&
      typeof bytes === "number" && typeof modified === "number";
  });
}

function stacksIn(told: unknown): Partial<NodeStacks> {
  const { processes, daemon } = (told ?? {}) as Partial<NodeStacks>;
  return Array.isArray(processes) ? { processes, ...(daemon && { daemon }) } : {};
}

function present({ brain, nodes }: HeadState) {
  return [...brain.books.nodes.values()].filter(({ node_id }) => nodes.get(node_id));
}

/** The node's link. @throws {RequestFailed} where it has none */
function linkTo(state: HeadState, node_id: string): Link {
  const link = state.nodes.get(node_id);
  if (link) return link;
  throw nodeGone(state, node_id);
}

function nodeGone(state: HeadState, node_id: string): RequestFailed {
  const known = state.brain.node(node_id);
  return new RequestFailed(
    "node_gone",
    known
      ? `Cannot ask node ${known.ip} (${node_id.slice(0, 8)}…): it is ${
        known.state === "dead" ? "dead" : "out of contact"
      }`
      : `Cannot ask node ${node_id.slice(0, 12)}: there is none of this id`,
    "`beam nodes` lists those there are; a dead node's logs are on its machine.",
  );
}

interface Question<K extends RequestKind> {
  message: Message<K>;
  /** In milliseconds. */
  patience: number;
}

/** All nodes that are connected, or one. One that does not answer in time has a fault instead. */
async function askNodes<K extends RequestKind>(
  state: HeadState,
  node_id: string | undefined,
  { message, patience }: Question<K>,
): Promise<(NodeAnswer & { told?: unknown })[]> {
  if (node_id !== undefined) linkTo(state, node_id);
  const asked = present(state).filter((node) => node_id === undefined || node.node_id === node_id);
  return await Promise.all(asked.map(async ({ node_id, ip }) => {
    const node = { node_id, node_ip: ip };
    const late = new AbortController();
    const stop = state.clock.after(
      patience,
      () => late.abort(new Error(`it has not answered within ${patience / 1000} s`)),
    );
    try {
      const { body } = await linkTo(state, node_id).request(message, { signal: late.signal });
      return { ...node, told: JSON.parse(new TextDecoder().decode(body)) };
    } catch (error) {
      return { ...node, fault: error instanceof Error ? error.message : String(error) };
    } finally {
      stop();
    }
  }));
}

function headFacts(state: HeadState): ClusterStacks["head"] {
  const { shell, nodes } = state;
  const unsent = present(state).map(({ node_id }) =>
    [node_id, nodes.get(node_id)?.queuedBytes ?? 0] as const
  );
  const failure = shell.journal.failure;
  return {
    pid: Deno.pid,
    memory_bytes: Deno.memoryUsage().rss,
    address: addressText(state),
    waiting: Object.fromEntries(shell.waiting.subjects()),
    ...(failure !== undefined && { journal_failure: failure }),
    unsent: Object.fromEntries(unsent),
  };
}
