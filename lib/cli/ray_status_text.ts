/**
 * The text of `ray status`. Scripts take it apart by line and column: `node_` lines are counted,
 * ` 0.0/16.0 GPU` is split at `/`, `.` and spaces. So every blank and decimal stays as it is.
 */
import {
  type ClusterStatus,
  type Floats,
  isCounted,
  isPresent,
  type NodeView,
  usageOf,
} from "./cluster_status.ts";
import { pythonFloat } from "./python_text.ts";

/** How long a node's end is shown, in milliseconds, and how many of them. */
const RECENT = 60 * 60_000;
const MOST_FAILURES = 10;

const RULE = "-".repeat(63);

/** What `-v` adds. */
export interface RayStatusOptions {
  verbose?: boolean;
  /** How long the head took for its answer, in milliseconds. */
  took?: number;
}

/** The text, for the local time `now` in milliseconds. */
export function rayStatusText(
  status: ClusterStatus,
  now: Date,
  { verbose = false, took = 0 }: RayStatusOptions = {},
): string {
  const alive = status.nodes.filter(isPresent);
  const away = status.nodes.filter((node) => node.state === "away");
  const dead = recentlyDead(status.nodes, now);
  const title = `======== Autoscaler status: ${pythonTime(now)} ========`;
  return [
    title,
    ...(verbose ? [`GCS request time: ${(took / 1000).toFixed(6)}s`, ""] : []),
    "Node status",
    RULE,
    "Active:",
    ...orElse(alive.map((node) => ` 1 node_${node.node_id}`), " (no active nodes)"),
    "Pending:",
    ...orElse(
      away.map((node) => ` ${node.ip}: not back since the head's restart`),
      " (no pending nodes)",
    ),
    "Recent failures:",
    ...orElse(dead.map(failureLine), " (no failures)"),
    "",
    "Resources",
    RULE,
    "Total Usage:",
    ...orElse(usageLines(status, alive), " (no resources)"),
    "",
    "From request_resources:",
    " (none)",
    "Pending Demands:",
    ...orElse(demandLines(status), " (no resource demands)"),
    ...(verbose ? alive.flatMap((node) => ["", ...nodeLines(status, node)]) : []),
  ].join("\n");
}

function orElse(lines: string[], none: string): string[] {
  return lines.length > 0 ? lines : [none];
}

function recentlyDead(nodes: readonly NodeView[], now: Date): NodeView[] {
  const since = now.getTime() - RECENT;
  return nodes.filter((node) => !node.alive && (node.ended_at ?? 0) >= since).slice(-MOST_FAILURES);
}

function failureLine(node: NodeView): string {
  // Without `node_`: scripts count those for the nodes that are there.
  return ` ${node.ip}: ${node.death?.message ?? "it ended"}`;
}

function nodeLines(status: ClusterStatus, node: NodeView): string[] {
  return [
    `Node: ${node.node_id} (node_${node.node_id})`,
    " Usage:",
    ...usageLines(status, [node]).map((line) => ` ${line}`),
    " Activity:",
    "  (no activity)",
  ];
}

function usageLines(status: ClusterStatus, nodes: readonly NodeView[]): string[] {
  const usage = usageOf(status, nodes);
  return Object.keys(usage).filter(isCounted).sort().map((name) => {
    const { total, used, reserved, usedOfReserved } = usage[name]!;
    const text = (amount: number) => isBytes(name) ? bytesText(amount) : pythonFloat(amount);
    const inGroups = reserved > 0
      ? ` (${text(usedOfReserved)} used of ${text(reserved)} reserved in placement groups)`
      : "";
    return ` ${text(used)}/${text(total)} ${name}${inGroups}`;
  });
}

function isBytes(name: string): boolean {
  return name === "memory" || name === "object_store_memory";
}

/** `0B`, `512.00KiB`, `31.93GiB`. */
export function bytesText(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(2)}GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(2)}MiB`;
  if (bytes >= 2 ** 10) return `${(bytes / 2 ** 10).toFixed(2)}KiB`;
  return `${Math.round(bytes)}B`;
}

function demandLines(status: ClusterStatus): string[] {
  return status.demands.map(({ kind, bundles, strategy, count }) => {
    if (kind === "actor") {
      return ` ${dictText(bundles[0]?.amounts ?? {})}: ${count}+ pending tasks/actors`;
    }
    const shapes = bundles.map((shape) => `${dictText(shape.amounts)} * ${shape.count}`).join(", ");
    return ` ${shapes} (${strategy}): ${count}+ pending placement groups`;
  });
}

function dictText(amounts: Floats): string {
  const items = Object.entries(amounts).map(([name, value]) => `'${name}': ${pythonFloat(value)}`);
  return `{${items.join(", ")}}`;
}

/** Local time as Python prints it: `2026-11-21 00:04:44.818646`. */
export function pythonTime(time: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  return `${day} ${clock}.${String(time.getMilliseconds() * 1000).padStart(6, "0")}`;
}
