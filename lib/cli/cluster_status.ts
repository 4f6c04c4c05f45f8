/** What the head says of the cluster, asked through this machine's daemon or itself. */
import type {
  ActorView,
  Floats,
  GroupView,
  JobView,
  NodeView as BareNodeView,
} from "../cluster/views.ts";
import type { Demand, PendingReason } from "../cluster/pending.ts";
import type { JobDetails } from "../dashboard/jobs_api.ts";
import type { ClusterEvent } from "../head/event_log.ts";
import type { ObjectStoreView } from "../head/store_use.ts";
import type { Link } from "../wire/link.ts";
import { daemonInfo, type Patience, patiently } from "./patience.ts";

export type { ActorView, Floats, GroupView, JobView };

/** A node, with what its object store uses where it has said so. */
export type NodeView = BareNodeView & { object_store?: ObjectStoreView };

/** One consistent picture of the cluster. */
export interface ClusterStatus {
  /** The cluster's id, 56 hex digits. */
  cluster: string;
  /** Grows by one at each start of the head. */
  epoch: number;
  /** `host:port` by which others reach the head. */
  head_address: string;
  nodes: NodeView[];
  actors: ActorView[];
  groups: GroupView[];
  jobs: JobView[];
  /** What waits for a place, and why. */
  pending: PendingReason[];
  /** The same summed up, as Ray counts demands. */
  demands: Demand[];
  /** What was submitted with `ray job submit`. */
  submissions: JobDetails[];
  /** Sentences on what is not well now. */
  warnings: string[];
  /** Events of the last minutes that are warnings or errors. */
  recent: ClusterEvent[];
}

/** How long the head may take for an answer, in milliseconds. */
export const STATUS_TIMEOUT = 5000;

/**
 * Asks a daemon for the whole picture.
 * @throws {Trouble} where the head does not answer in time.
 */
export async function askStatus(
  link: Link,
  patience: Partial<Patience> = {},
): Promise<ClusterStatus> {
  const status = await askHead(link, patience);
  // The daemon knows by which of the head's addresses this node reaches it.
  const { head_address } = await daemonInfo(link, { quiet: patience.quiet });
  return { ...status, head_address };
}

/**
 * Asks the head, over a link to it or to a daemon, for the whole picture.
 * @throws {Trouble} where it does not answer in time.
 */
export async function askHead(
  link: Link,
  patience: Partial<Patience> = {},
): Promise<ClusterStatus> {
  const { fields, body } = await patiently(
    (signal) => link.request<"query.status">({ kind: "query.status" }, { signal }),
    { timeout: STATUS_TIMEOUT, ...patience },
  );
  const { cluster, epoch, head_address } = fields;
  const lists = { submissions: [], warnings: [], recent: [] }; // an older head has none
  const picture = JSON.parse(new TextDecoder().decode(body));
  return { cluster, epoch, head_address, ...lists, ...picture };
}

/** Sums of the amounts of several nodes. */
export function sumOf(amounts: readonly Floats[]): Floats {
  const sum: Floats = {};
  for (const one of amounts) {
    for (const [name, value] of Object.entries(one)) sum[name] = round((sum[name] ?? 0) + value);
  }
  return sum;
}

/** True while it is connected: not dead, and not only remembered by a head that restarted. */
export function isPresent(node: NodeView): boolean {
  return node.alive && node.state !== "away";
}

/** Usage of a resource: what is used, also inside placement groups, and what those reserve. */
export interface Usage {
  total: number;
  used: number;
  reserved: number;
  usedOfReserved: number;
}

/** Usage by resource over the nodes that are there, or of `nodes`. */
export function usageOf(
  status: ClusterStatus,
  nodes: readonly NodeView[] = status.nodes.filter(isPresent),
): Record<string, Usage> {
  const ids = new Set(nodes.map((node) => node.node_id));
  const total = sumOf(nodes.map((node) => node.total));
  const free = sumOf(nodes.map((node) => node.available));
  const bundles = status.groups.filter((group) => group.state !== "REMOVED").flatMap((group) =>
    group.bundles.filter((_, at) => ids.has(group.nodes[at] ?? ""))
  );
  const reserved = sumOf(bundles);
  const inside = sumOf(
    status.actors.filter((actor) =>
      actor.pg !== undefined && ids.has(actor.node_id) && actor.state !== "DEAD"
    ).map((actor) => actor.resources),
  );
  return Object.fromEntries(
    Object.keys(total).map((name) => {
      const taken = round(total[name]! - (free[name] ?? 0));
      const held = reserved[name] ?? 0;
      const usedOfReserved = Math.min(inside[name] ?? 0, held);
      const used = Math.max(0, round(taken - held + usedOfReserved));
      return [name, { total: total[name]!, used, reserved: held, usedOfReserved }];
    }),
  );
}

/** Floats as the cluster counts them: four decimals. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** The name that was given to a node with `--name`. */
export function nameOf(node: NodeView): string | undefined {
  return (node.extra as { node_name?: string } | undefined)?.node_name;
}

/** The first letters of an id, enough to tell a few dozen apart. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** Amounts for people: `2 GPU, 8 CPU, 16.2 GiB memory`. */
export function amountsText(amounts: Floats): string {
  const names = Object.keys(amounts).filter((name) => isCounted(name)).sort(byImportance);
  return names.map((name) => `${amountText(name, amounts[name]!)} ${name}`).join(", ") || "nothing";
}

/** False for what only marks a node. */
export function isCounted(name: string): boolean {
  return !name.startsWith("node:") && !name.includes("_group_") &&
    !name.startsWith("accelerator_type:");
}

/** One amount: bytes as GiB, other numbers as they are. */
export function amountText(name: string, amount: number): string {
  return name === "memory" || name === "object_store_memory"
    ? `${(amount / 2 ** 30).toFixed(1)} GiB`
    : String(amount);
}

const FIRST = ["GPU", "CPU"];
const LAST = ["memory", "object_store_memory"];

function byImportance(a: string, b: string): number {
  const rank = (name: string) =>
    FIRST.includes(name) ? FIRST.indexOf(name) : LAST.includes(name) ? 9 + LAST.indexOf(name) : 5;
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
