/** `beam top` as text: a line for each machine, and one for each of its GPUs. Pure. */
import type { GpuReading, NodeReadings } from "../cluster/readings.ts";
import type { NodeReadingsView } from "../head/node_questions.ts";
import { type ActorView, type ClusterStatus, nameOf, type NodeView } from "./cluster_status.ts";
import { bar } from "./screen_text.ts";
import { table, type TableLook } from "./table.ts";

/** A terminal of so many columns has room for them. */
const ROOM_FOR_BARS = 120;

/** What rows are sorted by: a name, and which are first. */
export const SORTS = {
  name: "name",
  cpu: "CPU",
  memory: "memory",
  gpu: "GPU",
} as const;
export type Sort = keyof typeof SORTS;

/** A GPU, and who has it. */
export interface TopGpu extends Partial<Omit<GpuReading, "index">> {
  index: number;
  device_id: string;
  /** The part of it that nobody was granted, 0 to 1. */
  free: number;
  /** Who was granted it, in words. */
  holders: string[];
  /** Processes with memory on it that are no workers: a worker's children, or somebody else's. */
  other_pids: number[];
}

/** A machine; the rows of `--json`. Sizes in bytes. */
export interface TopNode {
  node_id: string;
  node_ip: string;
  name: string;
  state: string;
  /** How long a message there and back takes, in milliseconds. */
  rtt_ms: number | null;
  actors: number;
  /** Null where it has not told. */
  readings: Omit<NodeReadings, "gpus"> | null;
  gpus: TopGpu[];
}

/** Readings and books, put together. */
export function topNodes(status: ClusterStatus, all: readonly NodeReadingsView[]): TopNode[] {
  const byNode = new Map(all.map((view) => [view.node_id, view]));
  return status.nodes.filter((node) => node.alive).map((node) => {
    const view = byNode.get(node.node_id);
    const own = status.actors.filter((actor) =>
      actor.node_id === node.node_id && actor.state !== "DEAD"
    );
    const { gpus = [], ...readings } = view?.readings ?? {};
    return {
      node_id: node.node_id,
      node_ip: node.ip,
      name: nameOf(node) ?? node.hostname,
      state: node.state,
      rtt_ms: view?.rtt_ms ?? null,
      actors: own.length,
      readings: view?.readings ? readings as Omit<NodeReadings, "gpus"> : null,
      gpus: gpusOf(node, gpus, own),
    };
  });
}

function gpusOf(node: NodeView, readings: readonly GpuReading[], own: ActorView[]): TopGpu[] {
  const pids = new Set(own.map(({ pid }) => pid));
  const known = node.gpus.map(({ index, device_id, free, holders }): TopGpu => ({
    ...readings.find((gpu) => gpu.index === index),
    index,
    device_id,
    free,
    holders: holders.map(({ text, inside }) =>
      inside.length > 0 ? inside.map((actor) => actor.text).join(", ") : text
    ),
    other_pids: othersOn(readings.find((gpu) => gpu.index === index), pids),
  }));
  // A GPU that is there and that the cluster does not hand out.
  const others = readings.filter(({ index }) => !known.some((gpu) => gpu.index === index))
    .map((gpu): TopGpu => ({
      ...gpu,
      device_id: String(gpu.index),
      free: 0,
      holders: [],
      other_pids: othersOn(gpu, pids),
    }));
  return [...known, ...others];
}

function othersOn(gpu: GpuReading | undefined, pids: ReadonlySet<number>): number[] {
  return (gpu?.processes ?? []).map(({ pid }) => pid).filter((pid) => !pids.has(pid));
}

/** In the order that is asked for: the busiest first, or by address. */
export function sorted(nodes: readonly TopNode[], sort: Sort): TopNode[] {
  const busy = (node: TopNode): number => {
    const { readings } = node;
    switch (sort) {
      case "cpu":
        return (readings?.cpu_busy ?? 0) / (readings?.cpu_count || 1);
      case "memory":
        return part(readings?.memory_used, readings?.memory_total) ?? 0;
      case "gpu":
        return node.gpus.reduce((sum, gpu) => sum + (gpu.busy_percent ?? 0), 0);
      case "name":
        return 0;
    }
  };
  return [...nodes].sort((a, b) =>
    busy(b) - busy(a) || a.node_ip.localeCompare(b.node_ip, "en", { numeric: true })
  );
}

/** The machines' table, and below it the GPUs'. */
export function topText(nodes: readonly TopNode[], look: TableLook = {}): string {
  const { width = Infinity } = look;
  const bars = width !== Infinity && width >= ROOM_FOR_BARS;
  const machines = table(
    ["NODE", "NAME", "STATE", "CPU", "LOAD", "MEMORY", "SHM", "DISK", "RTT", "ACTORS"],
    nodes.map(({ readings, ...node }) => [
      node.node_ip,
      node.name,
      node.state,
      share(readings?.cpu_busy, readings?.cpu_count, { bars, text: ofText(cpus) }),
      readings?.load1?.toFixed(1) ?? "",
      share(readings?.memory_used, readings?.memory_total, { bars, text: ofText(gib) }),
      share(readings?.shm_used, readings?.shm_total, { bars: false, text: ofText(gib) }),
      share(readings?.disk_used, readings?.disk_total, { bars: false, text: ofText(gib) }),
      node.rtt_ms === null ? "" : `${node.rtt_ms.toFixed(1)} ms`,
      String(node.actors),
    ]),
    look,
  );
  const rows = nodes.flatMap((node) => node.gpus.map((gpu) => gpuCells(node, gpu, bars)));
  if (rows.length === 0) return machines;
  const headings = ["NODE", "GPU", "MODEL", "BUSY", "MEMORY", "TEMP", "POWER", "HELD BY"];
  return `${machines}\n\n${table(headings, rows, look)}`;
}

function gpuCells(node: TopNode, gpu: TopGpu, bars: boolean): string[] {
  const held = [...gpu.holders];
  if (gpu.free > 0) held.push(gpu.free === 1 ? "free" : `${gpu.free} free`);
  const { other_pids } = gpu;
  if (other_pids.length > 0) held.push(`pid ${other_pids.join(", ")}`);
  return [
    node.node_ip,
    gpu.device_id,
    gpu.name ?? "",
    share(gpu.busy_percent, 100, { bars, text: (used) => `${used.toFixed(0)}%` }),
    share(gpu.memory_used, gpu.memory_total, { bars, text: ofText(gib) }),
    gpu.temperature_c === undefined ? "" : `${gpu.temperature_c.toFixed(0)} °C`,
    gpu.power_w === undefined ? "" : `${gpu.power_w.toFixed(0)} W`,
    held.join("; "),
  ];
}

type ShareText = (used: number, total: number) => string;

function share(
  used: number | undefined,
  total: number | undefined,
  { bars, text }: { bars: boolean; text: ShareText },
): string {
  if (used === undefined) return "";
  if (total === undefined) return text(used, 0);
  return `${bars ? `${bar(used / (total || 1), 8)} ` : ""}${text(used, total)}`;
}

const ofText = (one: (value: number) => string): ShareText => (used, total) =>
  total > 0 ? `${one(used)}/${one(total)}` : one(used);
const cpus = (value: number) => Number.isInteger(value) ? String(value) : value.toFixed(1);
const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(bytes >= 100 * 2 ** 30 ? 0 : 1)}G`;

function part(used: number | undefined, total: number | undefined): number | undefined {
  return used === undefined || !total ? undefined : used / total;
}
