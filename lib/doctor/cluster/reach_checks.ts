/** Whether nodes reach each other: on beam's port, on high ones, and with full packets. */
import { type CheckText, type Finding, finding, type Severity } from "../check.ts";
import { misaddressed } from "./address_checks.ts";
import { networkOf } from "./networks.ts";
import { about, type ClusterCheck, type ClusterPicture, type NodePicture } from "./picture.ts";
import { listText } from "../words.ts";
import type { PairResult } from "./probe.ts";
import {
  BEAM_PORT,
  BREAKS,
  HIGH_PORTS,
  howText,
  LARGE_PACKETS,
  mendText,
  NO_PATH,
  type Trouble,
  whatText,
} from "./reach_words.ts";

/** An address that nobody answers for is told by the system after this long, in milliseconds; a firewall at once. */
const NOBODY_MS = 500;
/** More nodes than this that are closed alike are told of together. */
const ALIKE = 3;

/** All ways from one node to another. */
interface Path {
  from: NodePicture;
  to: NodePicture;
  beam?: PairResult;
  high?: PairResult;
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
