/** Whether nodes reach each other: on beam's port, on high ones, and with full packets. */
import { type CheckText, type Finding, finding, type Severity } from "../check.ts";
import { openingLines } from "./firewall.ts";
import { misaddressed } from "./address_checks.ts";
import { deviceOf, networkOf } from "./networks.ts";
import { about, type ClusterCheck, type ClusterPicture, type NodePicture } from "./picture.ts";
import { listText } from "../words.ts";
import type { Outcome, PairResult } from "./probe.ts";

/** An address that nobody answers for is told by the system after this long, in milliseconds; a firewall at once. */
const NOBODY_MS = 500;
/** More nodes than this that are closed alike are told of together. */
const ALIKE = 3;

const BEAM_PORT: CheckText = {
  code: "BD054",
  name: "node-port",
  severity: "warning",
  tells: "a node's port for streams is closed to another node",
  explain:
    "Each node listens on one port (6380, or the next free one) for calls and values from other nodes. Where " +
    "a firewall closes it the head copies what would go there: that works, and is slow. Look by hand with " +
    "`nc -vz ADDRESS 6380`.",
};
const HIGH_PORTS: CheckText = {
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
const NO_PATH: CheckText = {
  code: "BD056",
  name: "no-path",
  severity: "error",
  tells: "a node cannot be reached from another one at all",
  explain:
    "Neither beam's port nor a high one of that node answers, though its link to the head is up: a firewall " +
    "closes everything but replies, a route is missing, or a network that is not routed lies between them.",
};
const LARGE_PACKETS: CheckText = {
  code: "BD057",
  name: "large-packets",
  severity: "error",
  tells: "small packets cross between two nodes and full ones do not",
  explain:
    "Both machines believe that the path takes packets of their MTU, and something between them (a switch, a " +
    "tunnel, a VPN) takes only smaller ones and does not say so. Connections open, and stand still at the " +
    "first large message. Look by hand with `ping -M do -s 8972 ADDRESS` (for an MTU of 9000).",
};

/** All ways from one node to another. */
interface Path {
  from: NodePicture;
  to: NodePicture;
  beam?: PairResult;
  high?: PairResult;
}

/** One kind of trouble on some paths. */
interface Trouble {
  text: CheckText;
  severity: Severity;
  outcome: Outcome;
  slow: boolean;
  port: number;
  /** What the system said, of an outcome without a meaning of its own. */
  words?: string;
}

/** Paths that are closed. The codes of this file are one check: a closed path has one of them. */
export const reach: ClusterCheck & { texts: readonly CheckText[] } = {
  ...HIGH_PORTS,
  texts: [BEAM_PORT, HIGH_PORTS, NO_PATH, LARGE_PACKETS],
  run(picture) {
    const wrong = misaddressed(picture);
    // Of those that did not answer, and those with a wrong address, that is what is to be mended.
    const isFit = (node: NodePicture) => node.fault === undefined && !wrong.has(node.node_id);
    const paths = pathsOf(picture).filter(({ from, to }) => isFit(from) && isFit(to));
    const kinds = new Map<string, { trouble: Trouble; paths: Path[] }>();
    for (const path of paths) {
      const trouble = troubleOf(path);
      if (!trouble) continue;
      const key = [trouble.text.code, trouble.outcome, trouble.slow].join(" ");
      const kind = kinds.get(key) ?? { trouble, paths: [] };
      kind.paths.push(path);
      kinds.set(key, kind);
    }
    return [...kinds.values()].flatMap(({ trouble, paths: closed }) =>
      told(trouble, closed, paths)
    );
  },
};

function pathsOf({ nodes, pairs }: ClusterPicture): Path[] {
  const byId = new Map(nodes.map((node) => [node.node_id, node]));
  const paths = new Map<string, Path>();
  for (const result of pairs) {
    const [from, to] = [byId.get(result.from), byId.get(result.node_id)];
    if (!from || !to || result.way === "alias" || result.outcome === "untried") continue;
    const key = `${result.from} ${result.node_id}`;
    const path = paths.get(key) ?? { from, to };
    path[result.way] = result;
    paths.set(key, path);
  }
  return [...paths.values()];
}

function troubleOf({ beam, high }: Path): Trouble | undefined {
  const isClosed = (one: PairResult | undefined) =>
    one !== undefined && one.outcome !== "open" && one.outcome !== "stalled";
  const as = (text: CheckText, severity: Severity, one: PairResult): Trouble => ({
    text,
    severity,
    outcome: one.outcome,
    slow: one.outcome === "host_unreachable" && one.ms > NOBODY_MS,
    port: one.port,
    ...(one.text !== undefined && { words: one.text }),
  });
  if (isClosed(beam) && isClosed(high)) return as(NO_PATH, "error", high!);
  if (isClosed(high)) return as(HIGH_PORTS, "error", high!);
  if (high?.outcome === "stalled") return as(LARGE_PACKETS, "error", high);
  if (isClosed(beam)) return as(BEAM_PORT, "warning", beam!);
  return undefined;
}

/** One finding for each node to which it is closed; or from which, where that one reaches nobody and others do. */
function told(trouble: Trouble, closed: Path[], all: Path[]): Finding[] {
  const count = (paths: Path[], side: "from" | "to", node: NodePicture) =>
    paths.filter((path) => path[side].node_id === node.node_id).length;
  const shut = [...new Set(closed.map(({ from }) => from))].filter((from) => {
    const tried = count(all, "from", from);
    if (trouble.outcome === "net_unreachable") return true;
    return tried > 1 && count(closed, "from", from) === tried &&
      // Others reach those that it does not.
      closed.filter((path) => path.from === from)
        .every(({ to }) => count(all, "to", to) > count(closed, "to", to));
  });
  const left = closed.filter(({ from }) => !shut.includes(from));
  const targets = [...new Set(left.map(({ to }) => to))];
  const groups = Map.groupBy(targets, ({ facts }) => facts?.firewall.kind ?? null);
  return [
    ...shut.map((from) => outward(trouble, from, closed.filter((path) => path.from === from))),
    ...[...groups.values()].flatMap((alike) =>
      alike.length > ALIKE
        ? [everywhere(trouble, alike, left.filter(({ to }) => alike.includes(to)))]
        : alike.map((to) => inward(trouble, to, left.filter((path) => path.to === to)))
    ),
  ];
}

/** One finding for many nodes that are closed alike. */
function everywhere(trouble: Trouble, targets: NodePicture[], paths: Path[]): Finding {
  const [first] = targets as [NodePicture];
  const sources = [...new Set(paths.map(({ from }) => from))];
  const names = listText(targets.map(({ name }) => name));
  const found = finding(trouble.text, trouble.severity, {
    seen: `Of ${targets.length} nodes, from ${listText(sources.map(({ name }) => name))}, ${
      whatText(trouble, first)
    } and its like ${howText(trouble)}.`,
    breaks: BREAKS[trouble.text.code]!,
    mend: `The same on all of them. ${mendText(trouble, first, sources)}`,
  });
  return { ...found, node: names };
}

function inward(trouble: Trouble, to: NodePicture, paths: Path[]): Finding {
  const sources = paths.map(({ from }) => from);
  const from = listText(sources.map(({ name }) => name));
  const what = whatText(trouble, to);
  return about(
    to,
    finding(trouble.text, trouble.severity, {
      seen: `From ${from} ${what} ${howText(trouble)}.`,
      breaks: BREAKS[trouble.text.code]!,
      mend: mendText(trouble, to, sources),
    }),
  );
}

function outward(trouble: Trouble, from: NodePicture, paths: Path[]): Finding {
  const targets = paths.map(({ to }) => to);
  const to = listText(targets.map(({ name }) => name));
  const networks = [...new Set(targets.map((one) => networkOf(one)))];
  const isRoute = trouble.outcome === "net_unreachable";
  const [network = ""] = networks;
  return about(
    from,
    finding(trouble.text, trouble.severity, {
      seen: `Node ${from.name} reaches none of ${to} on ${
        trouble.text === BEAM_PORT ? "beam's port" : "high ports"
      }${isRoute ? ": it has no route there" : `, and others do: ${howText(trouble)}`}.`,
      breaks: BREAKS[trouble.text.code]!,
      mend: isRoute
        ? `On ${from.name}, see \`ip route get ${
          targets[0]!.ip
        }\` and add the route, such as \`sudo ip route ` +
          `add ${network} via GATEWAY\`.`
        : `On ${from.name}, let it send: \`sudo iptables -I OUTPUT -d ${network} -p tcp -j ACCEPT\`.`,
    }),
  );
}

const BREAKS: Readonly<Record<string, string>> = {
  BD054: "Calls and values to it go by the head, which is slow.",
  BD055: "vLLM's queues, torch.distributed, gloo and NCCL wait for each other until a timeout.",
  BD056: "Calls to it go by the head, and vLLM, gloo and NCCL cannot connect to it.",
  BD057: "Connections open and then stand still: NCCL, gloo and large values hang.",
};

function whatText({ text, port }: Trouble, to: NodePicture): string {
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

function howText({ outcome, slow, words, text }: Trouble): string {
  if (text === LARGE_PACKETS) return "full ones do not";
  switch (outcome) {
    case "timeout":
      return "answers nothing: a firewall drops what comes (DROP)";
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

function mendText(trouble: Trouble, to: NodePicture, sources: NodePicture[]): string {
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
