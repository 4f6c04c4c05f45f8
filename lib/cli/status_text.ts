/** `beam status` for people: nodes and who holds their GPUs, groups, actors, and what waits and why. */
import {
  type ActorView,
  amountsText,
  amountText,
  type ClusterStatus,
  type GroupView,
  isCounted,
  isPresent,
  nameOf,
  type NodeView,
  shortId,
  usageOf,
} from "./cluster_status.ts";
import { causeText } from "../cluster/death.ts";
import { eventLine } from "./events_text.ts";
import { inColour, oneLine, painted, paintOf } from "./terminal.ts";
import {
  manyActorsLines,
  manyBundlesText,
  manyGroupsLines,
  manyNodesLines,
  modelText,
  MOST_ACTORS,
  MOST_BUNDLES,
  MOST_GROUPS,
  MOST_NODES,
  MOST_WAITING,
  namesText,
} from "./status_many.ts";

/** Nodes and actors that have ended are left out past this many. */
const MOST_DEAD = 5;
const MOST_WARNINGS = 16;
const MOST_RECENT = 5;

/** The whole text. */
export function statusText(status: ClusterStatus): string {
  const alive = status.nodes.filter(isPresent);
  const parts = [
    [`Cluster at ${status.head_address}: ${nodesText(alive.length)}`, ...usageLines(status)],
    ["Nodes", ...allNodeLines(status)],
    groupLines(status),
    actorLines(status),
    waitingLines(status),
    warningLines(status),
    recentLines(status),
  ];
  return parts.filter((lines) => lines.length > 0)
    .map(([heading, ...lines]) => [painted(heading!, "bold"), ...lines].join("\n"))
    .join("\n\n");
}

function nodesText(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}

function usageLines(status: ClusterStatus): string[] {
  const usage = usageOf(status);
  return Object.keys(usage).filter(isCounted).sort().map((name) => {
    const { total, used, reserved, usedOfReserved } = usage[name]!;
    const free = total - (used - usedOfReserved) - reserved;
    const inGroups = reserved > 0 ? `, ${amountText(name, reserved)} reserved by groups` : "";
    return `  ${name}: ${amountText(name, round(free))} of ${
      amountText(name, total)
    } free${inGroups}`;
  });
}

function allNodeLines(status: ClusterStatus): string[] {
  const living = status.nodes.filter((node) => node.alive);
  // A machine that is back under another id is not missed.
  const isBack = ({ ip, hostname }: NodeView) =>
    living.some((node) => node.ip === ip && node.hostname === hostname);
  const dead = status.nodes.filter((node) => !node.alive && !isBack(node));
  const rest = dead.length - MOST_DEAD;
  const well = living.length > MOST_NODES ? living.filter((node) => node.state === "alive") : [];
  const shown = status.nodes.filter((node) =>
    node.alive ? !well.includes(node) : dead.slice(-MOST_DEAD).includes(node)
  );
  const unwell = shown.filter((node) => node.alive).length - MOST_NODES;
  return [
    ...(well.length > 0 ? manyNodesLines(well) : []),
    ...shown.slice(Math.max(0, unwell)).flatMap((node) => nodeLines(node, status)),
    ...(unwell > 0 ? [`  and ${unwell} more that are not well (see \`beam nodes\`)`] : []),
    ...(rest > 0 ? [`  and ${rest} that ended earlier (see \`beam nodes --all\`)`] : []),
  ];
}

function nodeLines(node: NodeView, status: ClusterStatus): string[] {
  const name = nameOf(node);
  const called = name === undefined ? "" : ` (${name})`;
  const head = node.is_head ? ", head" : "";
  const state = node.state === "alive" ? "" : ` ${stateText(node.state.toUpperCase())}`;
  const what = node.alive ? amountsText(node.total) : node.death?.message ?? "gone";
  const lines = [
    `  ${node.ip} ${shortId(node.node_id)}${called}${head}${state}: ${what}${modelText(node)}`,
  ];
  for (const gpu of node.gpus) {
    const id = gpu.device_id === String(gpu.index) ? "" : ` (${gpu.device_id})`;
    const held = gpu.holders.map((holder) => {
      const inside = holder.inside.map(({ text }) => text).join(", ");
      const part = holder.gpu === 1 ? "" : `${holder.gpu} `;
      return `${part}${holder.text}${inside ? ` → ${inside}` : ""}`;
    });
    if (gpu.free > 0 || held.length === 0) held.push(gpu.free === 1 ? "free" : `${gpu.free} free`);
    lines.push(`    GPU ${gpu.index}${id}: ${held.join("; ")}`);
  }
  const others = status.actors.filter((actor) =>
    actor.node_id === node.node_id && actor.state !== "DEAD" && actor.gpus.length === 0
  );
  if (others.length > 0) lines.push(`    without a GPU: ${namesText(others.map(actorName))}`);
  return [...lines, ...storeLines(node)];
}

/** What large values take, where there are any. */
function storeLines({ object_store: store }: NodeView): string[] {
  if (!store || store.objects === 0) return [];
  const files = store.objects === 1 ? "1 file" : `${store.objects} files`;
  const disk = store.spilled > 0 ? `, ${mebibytes(store.spilled)} on disk` : "";
  return [`    large values: ${files}, ${mebibytes(store.used)} in memory${disk}`];
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function groupLines(status: ClusterStatus): string[] {
  const groups = status.groups.filter((group) => group.state !== "REMOVED");
  if (groups.length === 0) return [];
  if (groups.length > MOST_GROUPS) return ["Placement groups", ...manyGroupsLines(groups)];
  return ["Placement groups", ...groups.map((group) => `  ${groupLine(group, status)}`)];
}

function groupLine(group: GroupView, status: ClusterStatus): string {
  const place = (id: string | undefined) => {
    const node = status.nodes.find((node) => node.node_id === id);
    return node ? `on ${node.ip}` : "without a node yet";
  };
  const many = group.bundles.length > MOST_BUNDLES;
  const bundles = many
    ? [manyBundlesText(group)]
    : group.bundles.map((bundle, at) => `${amountsText(bundle)} ${place(group.nodes[at])}`);
  return `${groupName(group)} ${stateText(group.state)} ${group.strategy} (job ${group.job_id}): ${
    bundles.join("; ")
  }`;
}

function actorLines(status: ClusterStatus): string[] {
  const living = status.actors.filter((actor) => actor.state !== "DEAD");
  const dead = status.actors.filter((actor) => actor.state === "DEAD");
  if (living.length + dead.length === 0) return [];
  const shown = dead.slice(-MOST_DEAD);
  const rest = dead.length - shown.length;
  const lines = (actors: ActorView[]) => actors.map((actor) => `  ${actorLine(actor)}`);
  return [
    "Actors",
    ...(living.length > MOST_ACTORS ? manyActorsLines(living) : lines(living)),
    ...lines(shown),
    ...(rest > 0 ? [`  and ${rest} that ended earlier (see \`beam actors --all\`)`] : []),
  ];
}

function actorLine(actor: ActorView): string {
  const where = actor.node_ip ? ` on ${actor.node_ip}` : "";
  const pid = actor.pid > 0 ? ` pid ${actor.pid}` : "";
  const devices = actor.device_ids.length > 0 ? ` GPU ${actor.device_ids.join(",")}` : "";
  const restarts = actor.restarts > 0 ? `, restarted ${timesText(actor.restarts)}` : "";
  const cause = actor.state === "DEAD" && actor.death ? `: ${causeText(actor.death)}` : "";
  return `${actorName(actor)} ${
    stateText(actor.state)
  }${where}${pid}${devices} (job ${actor.job_id}${restarts})${cause}`;
}

function waitingLines(status: ClusterStatus): string[] {
  if (status.pending.length === 0) return [];
  const rest = status.pending.length - MOST_WAITING;
  return [
    "Waiting",
    ...status.pending.slice(0, MOST_WAITING).map(({ text, count }) =>
      `  ${text}${alikeText(count - 1)}`
    ),
    ...(rest > 0 ? [`  and ${rest} more (all of them: \`beam status --json\`)`] : []),
  ];
}

function warningLines({ warnings }: ClusterStatus): string[] {
  if (warnings.length === 0) return [];
  const rest = warnings.length - MOST_WARNINGS;
  const shown = warnings.slice(0, MOST_WARNINGS).map((text) => `  ${text}`);
  return [
    "Warnings",
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more (\`beam status --json\`)`] : []),
  ];
}

/** What went wrong in the last minutes; what waits is told above already. */
function recentLines({ recent }: ClusterStatus): string[] {
  const told = recent.filter(({ kind }) => !kind.endsWith(".waiting"));
  if (told.length === 0) return [];
  const rest = told.length - MOST_RECENT;
  return [
    "Lately",
    ...told.slice(-MOST_RECENT).map((event) => `  ${eventLine(event, inColour())}`),
    ...(rest > 0 ? [`  and ${rest} before (see \`beam events\`)`] : []),
  ];
}

function alikeText(more: number): string {
  return more > 0 ? ` ${more} more like it ${more === 1 ? "waits" : "wait"} as well.` : "";
}

/** A state's word, in its colour. */
function stateText(state: string): string {
  const paint = paintOf(state);
  return paint ? painted(state, paint) : state;
}

/** `once`, `3 times`. */
export function timesText(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** `Worker_0 (1a2b3c4d5e6f)`: the name, else the class, and the id. */
export function actorName(actor: ActorView): string {
  return `${oneLine(actor.name || actor.class_name)} (${shortId(actor.actor_id)})`;
}

/** The group's name, where it has one, and its id. */
export function groupName(group: GroupView): string {
  return group.name ? `${oneLine(group.name)} (${shortId(group.pg_id)})` : shortId(group.pg_id);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
