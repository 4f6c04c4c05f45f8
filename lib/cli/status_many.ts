/** Of a large cluster `beam status` tells how many there are of each kind; the lists have commands of their own. */
import {
  type ActorView,
  amountsText,
  amountText,
  type Floats,
  type GroupView,
  type NodeView,
  sumOf,
} from "./cluster_status.ts";

/** Up to so many are told one by one. */
export const MOST_NODES = 16;
export const MOST_ACTORS = 40;
export const MOST_GROUPS = 16;
export const MOST_BUNDLES = 8;
export const MOST_WAITING = 16;
export const MOST_NAMES = 8;
/** Lines for the kinds of what is counted. */
const MOST_KINDS = 12;

/** `  250 nodes with 8 GPU, 64 CPU (H100): 1000 of 2000 GPU free`, one line for those alike. */
export function manyNodesLines(nodes: readonly NodeView[]): string[] {
  const kinds = by(nodes, (node) => `${amountsText(telling(node.total))}${modelText(node)}`);
  return shorten(
    kinds.map(([kind, alike]) => {
      const total = sumOf(alike.map((node) => node.total))["GPU"] ?? 0;
      const free = sumOf(alike.map((node) => node.available))["GPU"] ?? 0;
      const gpus = total > 0 ? `: ${amountText("GPU", free)} of ${total} GPU free` : "";
      return `${alike.length} ${alike.length === 1 ? "node" : "nodes"} with ${kind}${gpus}`;
    }),
    "kinds of nodes",
    "beam nodes",
  );
}

/** `  Worker: 1990 ALIVE, 10 RESTARTING`, one line for a class. */
export function manyActorsLines(actors: readonly ActorView[]): string[] {
  return shorten(
    by(actors, (actor) => actor.class_name).map(([name, own]) => `${name}: ${statesText(own)}`),
    "classes",
    "beam actors",
  );
}

/** `  310 groups: 300 CREATED, 10 PENDING`. */
export function manyGroupsLines(groups: readonly GroupView[]): string[] {
  return [`  ${groups.length} groups: ${statesText(groups)} (see \`beam pgs\`)`];
}

/** `256 of 1 GPU, 1 CPU on 256 nodes`, for bundles that are many. */
export function manyBundlesText({ bundles, nodes }: GroupView): string {
  const all = bundles.map((amounts, at) => ({ text: amountsText(amounts), node: nodes[at] ?? "" }));
  return by(all, ({ text }) => text).map(([text, alike]) => {
    const placed = new Set(alike.map(({ node }) => node).filter((node) => node !== "")).size;
    const without = alike.filter(({ node }) => node === "").length;
    const where = [
      ...(placed > 0 ? [`on ${placed} ${placed === 1 ? "node" : "nodes"}`] : []),
      ...(without > 0 ? [`${without} without a node yet`] : []),
    ];
    return `${alike.length} of ${text} ${where.join(", ")}`;
  }).join("; ");
}

/** The first names, and how many there are beside. */
export function namesText(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${rest} more` : names.join(", ");
}

/** `H100` in brackets, where the node's GPUs have a model. */
export function modelText({ total }: NodeView): string {
  const types = Object.keys(total).filter((name) => name.startsWith("accelerator_type:"))
    .map((name) => name.slice("accelerator_type:".length));
  return types.length > 0 ? ` (${types.join(", ")})` : "";
}

/** Without what differs a little from one machine to its like. */
function telling(total: Floats): Floats {
  const { memory: _memory, object_store_memory: _store, ...rest } = total;
  return rest;
}

function statesText(all: readonly { state: string }[]): string {
  return by(all, ({ state }) => state).map(([state, alike]) => `${alike.length} ${state}`)
    .join(", ");
}

/** The items by their kind, the most numerous kind first. */
function by<T>(items: readonly T[], kindOf: (item: T) => string): [string, T[]][] {
  const kinds = new Map<string, T[]>();
  for (const item of items) {
    const alike = kinds.get(kindOf(item));
    if (alike) alike.push(item);
    else kinds.set(kindOf(item), [item]);
  }
  return [...kinds].sort(([, a], [, b]) => b.length - a.length);
}

function shorten(lines: string[], what: string, command: string): string[] {
  const rest = lines.length - MOST_KINDS;
  const shown = lines.slice(0, MOST_KINDS).map((line) => `  ${line}`);
  const more = rest > 0 ? `and ${rest} more ${what}; ` : "";
  return [...shown, `  ${more}one by one: \`${command}\``];
}
