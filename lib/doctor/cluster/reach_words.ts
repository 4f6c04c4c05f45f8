/** What is said of a path between two nodes that is closed. */
import type { CheckText, Severity } from "../check.ts";
import { openingLines } from "./firewall.ts";
import { deviceOf, networkOf } from "./networks.ts";
import type { NodePicture } from "./picture.ts";
import type { Outcome } from "./probe.ts";

export const BEAM_PORT: CheckText = {
  code: "BD054",
  name: "node-port",
  severity: "warning",
  tells: "a node's port for streams is closed to another node",
  explain:
    "Each node listens on one port (6380, or the next free one) for calls and values from other nodes. Where " +
    "a firewall closes it the head copies what would go there: that works, and is slow. Look by hand with " +
    "`nc -vz ADDRESS 6380`.",
};
export const HIGH_PORTS: CheckText = {
  code: "BD055",
  name: "high-ports",
  severity: "error",
  tells: "a port that the system chose on one node is closed to another node",
  explain:
    "vLLM's message queues, torch.distributed's store, gloo and NCCL each take a free port and tell the other " +
    "nodes its number, so no list of ports is enough: nodes must reach each other on all ports above 1023. " +
    "Programs that cannot wait at their start until a timeout. The doctor has each node listen on such a port for " +
    "some seconds, on its cluster address alone, and the others say a random number there.",
};
export const NO_PATH: CheckText = {
  code: "BD056",
  name: "no-path",
  severity: "error",
  tells: "a node cannot be reached from another one at all",
  explain:
    "Neither beam's port nor a high one of that node answers, though its link to the head is up: a firewall " +
    "closes everything but replies, a route is missing, or a network that is not routed lies between them.",
};
export const LARGE_PACKETS: CheckText = {
  code: "BD057",
  name: "large-packets",
  severity: "error",
  tells: "small packets cross between two nodes and full ones do not",
  explain:
    "Both machines believe that the path takes packets of their MTU, and something between them (a switch, a " +
    "tunnel, a VPN) takes only smaller ones and does not say so. Connections open, and stand still at the " +
    "first large message. Look by hand with `ping -M do -s 8972 ADDRESS` (for an MTU of 9000).",
};

/** One kind of trouble on some paths. */
export interface Trouble {
  text: CheckText;
  severity: Severity;
  outcome: Outcome;
  slow: boolean;
  port: number;
  /** What the system said, of an outcome without a meaning of its own. */
  words?: string;
}

/** What a closed path breaks, by code. */
export const BREAKS: Readonly<Record<string, string>> = {
  BD054: "Calls and values to it go by the head, which is slow.",
  BD055: "vLLM's queues, torch.distributed, gloo and NCCL wait for each other until a timeout.",
  BD056: "Calls to it go by the head, and vLLM, gloo and NCCL cannot connect to it.",
  BD057: "Connections open and then stand still: NCCL, gloo and large values hang.",
};

/** What was dialed. */
export function whatText({ text, port }: Trouble, to: NodePicture): string {
  switch (text) {
    case BEAM_PORT:
      return `beam's port ${to.ip}:${port}`;
    case HIGH_PORTS:
      return `the high port ${to.ip}:${port}`;
    case NO_PATH:
      return `every port tried of ${to.ip}`;
    default:
      return `to ${to.ip} small packets arrive and`;
  }
}

/** What came of it, and what that means. */
export function howText({ outcome, slow, words, text }: Trouble): string {
  if (text === LARGE_PACKETS) return "full ones do not";
  switch (outcome) {
    case "timeout":
      return "answers nothing: a firewall drops what comes (DROP)";
    case "silent":
      return "connects and then says nothing: the node has no processor time, or something between takes " +
        "connections in its place (a proxy)";
    case "refused":
      return "is refused at once, though it is listened on: a firewall rejects what comes (REJECT)";
    case "host_unreachable":
      return slow
        ? "is `no route to host`: nobody answers for that address"
        : "is `no route to host` at once: a firewall rejects what comes (REJECT, as firewalld does)";
    case "net_unreachable":
      return "cannot be reached: there is no route";
    case "stranger":
      return "is answered by somebody else: another machine or a translation takes what is sent there";
    default:
      return `failed: ${words ?? outcome}`;
  }
}

/** What to do, where: a line for the firewall of the target, and for the network that the others are in. */
export function mendText(trouble: Trouble, to: NodePicture, sources: NodePicture[]): string {
  const { text, outcome, slow, port } = trouble;
  if (text === LARGE_PACKETS) {
    const device = deviceOf(to)?.name ?? "DEVICE";
    return `Let the switch take packets as large as the machines send them, or make those smaller on all nodes: ` +
      `\`sudo ip link set dev ${device} mtu 1500\`.`;
  }
  if (outcome === "stranger") return `See who else has that address: \`ip neigh show ${to.ip}\`.`;
  if (outcome === "host_unreachable" && slow) {
    return `Look at ${to.name}'s cable and address, and at what lies between: \`ip neigh show ${to.ip}\`.`;
  }
  if (outcome === "silent") {
    return `Look at ${to.name} with \`beam top\`; where it is not busy, see what proxy or service mesh is between.`;
  }
  if (outcome === "fault") {
    return `On ${to.name}, look into \`beam logs daemon\`, then run \`beam doctor --cluster\` again.`;
  }
  const networks = [...new Set(sources.map((one) => networkOf(one)))];
  const opened = { port: text === BEAM_PORT ? port : "all" } as const;
  const kind = to.facts?.firewall.kind ?? null;
  const lines = openingLines(kind, networks.slice(0, 3).map((from) => ({ ...opened, from })));
  const otherwise = kind === null
    ? "No firewall was seen on it: look at a security group between them too."
    : "A security group between them may do the same.";
  return `On ${to.name}: ${lines}. ${otherwise}`;
}
