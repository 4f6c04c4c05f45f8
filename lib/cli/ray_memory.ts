/** `ray memory`: what large values take, node by node. */
import type { ClusterStatus } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { clusterStatus } from "./status_source.ts";
import { table } from "./table.ts";

const HELP =
  `Shows what large values take in the nodes' object stores. Which references a process holds it alone
knows: \`ray.util.state.list_objects()\` in it lists them.

Usage:
  ray memory [--stats-only] [--address HOST:PORT]

Options:
  --stats-only           the sum over all nodes alone
  --group-by WHAT        accepted, without effect: there is no list to group
  --sort-by WHAT         accepted, without effect
  --units UNIT           accepted, without effect: sizes are in MiB, as in Ray's sum
  --no-format            accepted, without effect
  -n, --num-entries N    accepted, without effect
  --address HOST:PORT    the cluster whose head is there (RAY_ADDRESS)`;

const FLAGS = {
  "stats-only": { kind: "switch" },
  "group-by": { kind: "text" },
  "sort-by": { kind: "text" },
  units: { kind: "text" },
  "no-format": { kind: "switch" },
  "num-entries": { kind: "text", short: "n" },
  address: { kind: "text" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "ray memory", flags: FLAGS }, args);
  try {
    const status = await clusterStatus(rayAddress(values.address));
    print(`======== Object references status: ${new Date().toISOString()} ========`);
    if (!values["stats-only"]) print(`${nodesText(status)}\n`);
    print(sumText(status));
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    say(NO_CLUSTER);
    return EXIT.failed;
  }
}

/** One line per node. */
export function nodesText({ nodes }: Pick<ClusterStatus, "nodes">): string {
  return table(
    ["NODE", "IP", "OBJECTS", "MIB", "SPILLED MIB", "CAPACITY MIB"],
    nodes.filter(({ alive }) => alive).map(({ node_id, ip, total, object_store: store }) => [
      node_id.slice(0, 12),
      ip,
      String(store?.objects ?? 0),
      mebibytes(store?.used ?? 0),
      mebibytes(store?.spilled ?? 0),
      mebibytes(total["object_store_memory"] ?? 0),
    ]),
  );
}

/** The sum in Ray's words. */
export function sumText({ nodes }: Pick<ClusterStatus, "nodes">): string {
  const alive = nodes.filter((node) => node.alive);
  const sum = (read: (node: typeof alive[number]) => number | undefined) =>
    alive.reduce((all, node) => all + (read(node) ?? 0), 0);
  const used = sum((node) => node.object_store?.used);
  const objects = sum((node) => node.object_store?.objects);
  const spilled = sum((node) => node.object_store?.spilled);
  const capacity = sum((node) => node.total["object_store_memory"]);
  const full = capacity > 0 ? (used / capacity * 100).toFixed(1) : "0.0";
  return [
    "--- Aggregate object store stats across all nodes ---",
    `Plasma memory usage ${mebibytes(used)} MiB, ${objects} objects, ${full}% full`,
    ...(spilled > 0 ? [`Spilled ${mebibytes(spilled)} MiB`] : []),
  ].join("\n");
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

export const rayMemory: Command = { name: "ray memory", help: HELP, flags: FLAGS, run };
