/** `beam nodes`: the cluster's nodes. */
import { amountsText, nameOf, type NodeView, shortId } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { findNode } from "./finding.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { addressOf, clusterStatus } from "./status_source.ts";
import { table } from "./table.ts";

const HELP = `Lists the cluster's nodes.

Usage:
  beam nodes [--all] [--address HOST[:PORT]] [--json] [NODE]

Options:
  --all                   the dead ones too
  --address HOST[:PORT]   the cluster whose head is there
  --json                  for programs

With an address, a host, a name or the first letters of an id, that node alone.`;

const FLAGS = {
  all: { kind: "switch" },
  address: { kind: "text" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values, positionals: [wanted] } = parse(
    { program: "beam nodes", flags: FLAGS, positionals: 1 },
    args,
  );
  const status = await clusterStatus(addressOf(values.address));
  const nodes = wanted === undefined
    ? status.nodes.filter((node) => values.all || node.alive)
    : [findNode(status, wanted)];
  if (values.json) printJson(nodes);
  else print(nodesTable(nodes));
  return EXIT.done;
}

/** One line per node. */
export function nodesTable(nodes: readonly NodeView[]): string {
  return table(
    ["NODE", "IP", "HOST", "ROLE", "STATE", "FREE GPU", "RESOURCES"],
    nodes.map((node) => [
      shortId(node.node_id),
      node.ip,
      hostText(node),
      node.is_head ? "head" : "node",
      node.state,
      `${node.available["GPU"] ?? 0}/${node.total["GPU"] ?? 0}`,
      node.alive ? amountsText(node.total) : node.death?.message ?? "",
    ]),
  );
}

function hostText(node: NodeView): string {
  const name = nameOf(node);
  return name === undefined ? node.hostname : `${node.hostname} (${name})`;
}

export const nodes: Command = {
  name: "beam nodes",
  help: HELP,
  flags: FLAGS,
  takes: ["node"],
  run,
};
