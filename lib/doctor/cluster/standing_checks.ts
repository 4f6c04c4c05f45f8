/** Whether every node is there, and the head can do its work. */
import { type CheckText, type Finding, finding } from "../check.ts";
import { about, type ClusterCheck, type ClusterPicture, type NodePicture } from "./picture.ts";

const SILENT: CheckText = {
  code: "BD050",
  name: "node-silent",
  severity: "error",
  tells: "a node did not answer the doctor, or not all",
  explain:
    "The head asks every node over the link that it has to it. A node without a link, or whose daemon is " +
    "stopped or starved of processor time, does not answer; what is wrong on it cannot be told from elsewhere.",
};

/** Nodes that said nothing, or not all. */
export const nodeSilent: ClusterCheck = {
  ...SILENT,
  run: ({ nodes }) => nodes.flatMap((node) => silentFinding(node)),
};

function silentFinding(node: NodePicture): Finding[] {
  const { fault, ready, silent_ms } = node;
  if (fault === undefined && ready !== undefined && ready.fault === undefined) return [];
  const heard = silent_ms < 5000 ? "" : `; it was last heard ${span(silent_ms)} ago`;
  const told = fault === undefined
    ? finding(SILENT, "warning", {
      seen: `Node ${node.name} opened no port for the others to try: ${
        ready?.fault ?? "it did not answer in time"
      }.`,
      breaks: "Whether it can be reached on high ports is not known.",
      mend: "Run `beam doctor --cluster` again when it is less busy; look there with `beam top`.",
    })
    : finding(SILENT, "error", {
      seen: `Node ${node.name} did not answer: ${fault}${heard}.`,
      breaks: "What runs there cannot be reached, and nothing that is wrong with it is known.",
      mend: "Run `beam doctor` on that machine, and look into its `beam logs daemon`.",
    });
  return [about(node, told)];
}

const STATE: CheckText = {
  code: "BD051",
  name: "node-state",
  severity: "warning",
  tells: "a node takes no new work",
  explain:
    "A node that is drained keeps what runs on it and gets nothing new until it is undrained. One that is " +
    "suspect was silent for a moment or lost its link; one that is away has not come back to a head that was " +
    "started again. Both come back by themselves or are taken for dead.",
};

/** Nodes that are there and get nothing. */
export const nodeState: ClusterCheck = {
  ...STATE,
  run: ({ nodes }) => nodes.flatMap((node) => stateFinding(node)),
};

function stateFinding(node: NodePicture): Finding[] {
  // One that did not answer is told of already.
  if (node.state === "alive" || node.state === "dead" || node.fault !== undefined) return [];
  const isDrained = node.state === "draining";
  const why = node.lost_reason === undefined ? "" : `: ${node.lost_reason.replace(/\.$/, "")}`;
  const told = finding(STATE, isDrained ? "info" : "warning", {
    seen: isDrained ? `Node ${node.name} is drained.` : `Node ${node.name} is ${node.state}${why}.`,
    breaks: "It gets no new actors, tasks or placement groups.",
    mend: isDrained
      ? `Where that is over: \`beam drain --undo ${node.ip}\`.`
      : "See `beam status`; on that machine, `beam logs daemon` says what it waits for.",
  });
  return [about(node, told)];
}

const JOURNAL: CheckText = {
  code: "BD052",
  name: "journal",
  severity: "error",
  tells: "the head cannot write its journal",
  explain:
    "What only the head knows is in its journal. While that cannot be written the head takes no new work; " +
    "what runs goes on, and when there is room again so does the head.",
};

/** The head's journal. */
export const journal: ClusterCheck = {
  ...JOURNAL,
  run: (picture) => {
    const { journal_fault, journal_path } = picture.head;
    if (journal_fault === undefined) return [];
    return [aboutHead(
      picture,
      finding(JOURNAL, "error", {
        seen: `The head cannot write its journal ${journal_path}: ${
          journal_fault.replace(/\.$/, "")
        }.`,
        breaks: "No new actors, jobs or placement groups are taken.",
        mend: `Make room on that disk: \`df -h ${journal_path}\`.`,
      }),
    )];
  },
};

const RELAY: CheckText = {
  code: "BD053",
  name: "relay",
  severity: "warning",
  tells: "calls go through the head because a node's port could not be reached",
  explain:
    "Calls and values go straight from node to node. Where a node's port cannot be reached, the head copies " +
    "them: each byte crosses the network twice, and the head's machine carries it all.",
};

/** The slow path, where it is used now. */
export const relay: ClusterCheck = {
  ...RELAY,
  run: (picture) => {
    const { relays } = picture.head;
    // Where a port is found closed that is told, with what mends it.
    const known = picture.pairs.some(({ way, outcome }) => way === "beam" && outcome !== "open");
    if (relays === 0 || known) return [];
    return [aboutHead(
      picture,
      finding(RELAY, "warning", {
        seen: `The head relays ${relays === 1 ? "a stream" : `${relays} streams`} between nodes.`,
        breaks: "These calls are slower, and load the head's machine.",
        mend: "The ports can be reached now: start those programs again.",
      }),
    )];
  },
};

/** With the head's node, where it has one here. */
export function aboutHead({ nodes }: ClusterPicture, found: Finding): Finding {
  const node = nodes.find(({ is_head }) => is_head);
  return node ? about(node, found) : found;
}

/** `12 s`, `3 min`, `2 days`. */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}
