/** Nodes and their GPUs as rows of tables. Pure. */
import type { GpuReadingRow, GpuRow, NodeRow, ReadingsRow } from "../picture.ts";
import { type Cell, type Column, fullness, type GpuMark, type Tone } from "./cell.ts";
import type { Searchable } from "./filter.ts";
import {
  amountText,
  bytesText,
  durationText,
  momentText,
  shareOf,
  shareText,
  shortId,
} from "./format.ts";
import type { Tables } from "./tables.ts";

/** A node with what its machine does. */
export interface NodeLine {
  node: NodeRow;
  readings: ReadingsRow | undefined;
  now: number;
}

/** Busy though nobody of the cluster holds it: from here on, 0 to 1. */
const FOREIGN_BUSY = 0.1;
/** Memory of a GPU that is in use without a holder: drivers take some by themselves. */
const FOREIGN_MEMORY = 2 ** 30;

const TONES: Readonly<Record<NodeRow["state"], Tone>> = {
  alive: "good",
  suspect: "warn",
  draining: "warn",
  away: "warn",
  dead: "bad",
};

/** All nodes; the dead ones last. */
export function nodeLines(tables: Tables, now: number): NodeLine[] {
  return tables.rows("nodes").map((node) => ({
    node,
    readings: node.state === "dead" ? undefined : tables.get("readings", node.id),
    now,
  }));
}

/** What people call it. */
export function nodeName(node: Pick<NodeRow, "name" | "ip"> | undefined): string {
  return node ? node.name || node.ip : "a forgotten node";
}

/** A link to a node's view. */
export function nodeHref(id: string): string {
  return `#/nodes/${id}`;
}

/** A GPU with its holders and what its driver says. */
export interface GpuLine {
  index: number;
  gpu: GpuRow;
  reading: GpuReadingRow | undefined;
}

/** The GPUs of a node, those that nobody hands out left out. */
export function gpuLines({ node, readings }: Pick<NodeLine, "node" | "readings">): GpuLine[] {
  return node.gpus.map((gpu, index) => ({ index, gpu, reading: readings?.gpus[String(index)] }));
}

/** How a GPU looks in a strip. */
export function gpuMark({ index, gpu, reading }: GpuLine): GpuMark {
  const held = Math.round((1 - gpu.free) * 100) / 100;
  const [, busy, used, total, temperature] = reading ??
    ["", null, null, null, null, null, []] as const;
  const foreign = held === 0 &&
    ((busy ?? 0) / 100 >= FOREIGN_BUSY || (used ?? 0) >= FOREIGN_MEMORY);
  const facts = [
    `GPU ${index} ${modelOf(reading)}`.trimEnd(),
    held === 0 ? foreign ? "held by nobody here, but in use" : "free" : holdersText(gpu),
    busy === null ? undefined : `${Math.round(busy)} % busy`,
    used === null ? undefined : total === null ? bytesText(used) : shareText(used, total),
    temperature === null ? undefined : `${Math.round(temperature)} °C`,
  ];
  return {
    held,
    busy: busy === null ? null : busy / 100,
    foreign,
    title: facts.filter((fact) => fact !== undefined).join(" · "),
  };
}

/** Who holds it, in words. */
export function holdersText(gpu: GpuRow): string {
  return gpu.holders.flatMap(({ text, part, inside }) =>
    inside.length > 0 ? inside.map((one) => partText(one.text, one.part)) : [partText(text, part)]
  ).join(", ");
}

function partText(text: string, part: number): string {
  return part === 1 ? text : `${amountText(part)} ${text}`;
}

/** The columns of the table of nodes. */
export const NODE_COLUMNS: readonly Column<NodeLine>[] = [
  {
    id: "name",
    title: "Node",
    wrap: true,
    cell: ({ node }) => ({
      text: nodeName(node),
      sub: node.name.includes(node.ip) || node.name === "" ? shortId(node.id) : node.ip,
      href: nodeHref(node.id),
      title: node.id,
    }),
  },
  {
    id: "state",
    title: "State",
    cell: ({ node, now }) => stateCell(node, now),
    order: ({ node }) => ["dead", "away", "suspect", "draining", "alive"].indexOf(node.state),
  },
  {
    id: "gpu",
    title: "GPUs",
    hint: "Held ones are filled in; the level shows how busy each is",
    cell: ({ node, readings }) => {
      const lines = gpuLines({ node, readings });
      if (lines.length === 0) return { text: "–", tone: "muted" };
      const held = lines.reduce((sum, { gpu }) => sum + 1 - gpu.free, 0);
      return { text: `${amountText(held)} of ${lines.length}`, gpus: lines.map(gpuMark) };
    },
    order: ({ node }) => node.gpus.reduce((sum, { free }) => sum + 1 - free, 0),
  },
  {
    id: "gpu_memory",
    title: "GPU memory",
    rank: 2,
    cell: ({ readings }) => {
      const { used, total } = gpuMemory(readings);
      // To be full is what it is for.
      return { ...sizeCell(used, total), ...(total !== undefined && { tone: "plain" }) };
    },
    order: ({ readings }) => gpuMemory(readings).used ?? -1,
  },
  {
    id: "temperature",
    title: "Hottest",
    hint: "Of its GPUs",
    number: true,
    rank: 3,
    cell: ({ readings }) => {
      const hottest = hottestOf(readings);
      return hottest === undefined ? none() : temperatureCell(hottest);
    },
    order: ({ readings }) => hottestOf(readings) ?? -1,
  },
  {
    id: "cpu",
    title: "CPU",
    hint: "Cores that are busy, of all",
    rank: 2,
    cell: ({ readings }) => {
      const busy = readings?.cpu_busy;
      if (!readings || busy === undefined) return none();
      const share = shareOf(busy, readings.cpu_count);
      return {
        text: `${busy.toFixed(busy < 10 ? 1 : 0)} / ${readings.cpu_count}`,
        ...(share !== undefined && { bar: share }),
      };
    },
    order: ({ readings }) => shareOf(readings?.cpu_busy, readings?.cpu_count) ?? -1,
  },
  {
    id: "memory",
    title: "Memory",
    cell: ({ readings }) => sizeCell(readings?.memory_used, readings?.memory_total),
    order: ({ readings }) => shareOf(readings?.memory_used, readings?.memory_total) ?? -1,
  },
  {
    id: "shm",
    title: "/dev/shm",
    rank: 3,
    cell: ({ readings }) => sizeCell(readings?.shm_used, readings?.shm_total),
    order: ({ readings }) => shareOf(readings?.shm_used, readings?.shm_total) ?? -1,
  },
  {
    id: "age",
    title: "Up",
    number: true,
    rank: 3,
    cell: ({ node, now }) => ({
      text: durationText((node.ended_at ?? now) - node.joined_at),
      title: `Joined ${momentText(node.joined_at)}`,
    }),
    order: ({ node, now }) => (node.ended_at ?? now) - node.joined_at,
  },
];

/** A state with its role and, of a dead node, since when. */
export function stateCell(node: NodeRow, now: number): Cell {
  const role = node.head ? "head" : "";
  const since = node.ended_at === undefined ? role : `${durationText(now - node.ended_at)} ago`;
  return {
    text: node.state,
    sub: since,
    tone: TONES[node.state],
    dot: true,
    ...(node.why !== undefined && { title: node.why }),
  };
}

/** What a node is found by. */
export function nodeSearch({ node }: NodeLine): Searchable {
  return {
    id: node.id,
    name: node.name,
    ip: node.ip,
    aliases: node.aliases.join(" "),
    state: node.state,
    role: node.head ? "head" : "node",
    holder: node.gpus.map(holdersText).join(" "),
    labels: Object.entries(node.labels).map(([key, value]) => `${key}=${value}`).join(" "),
    why: node.why,
  };
}

/** The columns of a node's table of GPUs. */
export const GPU_COLUMNS: readonly Column<GpuLine>[] = [
  { id: "index", title: "GPU", cell: gpuNameCell, order: ({ index }) => index },
  {
    id: "holder",
    title: "Held by",
    wide: true,
    cell: (line) => {
      const mark = gpuMark(line);
      if (mark.foreign) {
        const pids = (line.reading?.[6] ?? []).map(([pid]) => pid).join(", ");
        return {
          text: "nobody here, but it is in use",
          sub: pids === "" ? "" : `processes ${pids}`,
          tone: "warn",
        };
      }
      const [holder] = line.gpu.holders;
      if (!holder) return { text: "free", tone: "muted" };
      const inside = holder.inside[0];
      const href = inside
        ? `#/actors/${inside.id}`
        : `#/${holder.kind === "group" ? "groups" : "actors"}/${holder.id}`;
      return {
        text: holdersText(line.gpu),
        href,
        sub: inside && holder.kind === "group" ? `in ${holder.text}` : "",
      };
    },
  },
  {
    id: "busy",
    title: "Busy",
    cell: ({ reading }) => {
      const busy = reading?.[1] ?? null;
      return busy === null ? none() : { text: `${Math.round(busy)} %`, bar: busy / 100 };
    },
    order: ({ reading }) => reading?.[1] ?? -1,
  },
  {
    id: "memory",
    title: "Memory",
    cell: ({ reading }) => {
      const [used, total] = [reading?.[2] ?? undefined, reading?.[3] ?? undefined];
      return total === undefined && used !== undefined
        ? { text: bytesText(used), title: "It shares the machine's memory" }
        : { ...sizeCell(used, total), ...(total !== undefined && { tone: "plain" }) };
    },
    order: ({ reading }) => reading?.[2] ?? -1,
  },
  {
    id: "temperature",
    title: "Temperature",
    number: true,
    cell: ({ reading }) => {
      const temperature = reading?.[4] ?? undefined;
      return temperature === undefined ? none() : temperatureCell(temperature);
    },
    order: ({ reading }) => reading?.[4] ?? -1,
  },
  {
    id: "power",
    title: "Power",
    number: true,
    cell: ({ reading }) => {
      const power = reading?.[5] ?? null;
      return power === null ? none() : { text: `${power} W` };
    },
    order: ({ reading }) => reading?.[5] ?? -1,
  },
];

function gpuNameCell({ index, gpu, reading }: GpuLine): Cell {
  return {
    text: `GPU ${index}`,
    sub: modelOf(reading) || (gpu.device === String(index) ? "" : gpu.device),
  };
}

/** Its model, where its driver or its files tell more than that it is one. */
function modelOf(reading: GpuReadingRow | undefined): string {
  const name = reading?.[0] ?? "";
  return name === "GPU" ? "" : name;
}

/** Bytes of bytes, with a bar. */
export function sizeCell(used: number | undefined, total: number | undefined): Cell {
  const share = shareOf(used, total);
  if (used === undefined || total === undefined || share === undefined) return none();
  return { text: shareText(used, total), bar: share, tone: fullness(share) };
}

function temperatureCell(degrees: number): Cell {
  const tone: Tone = degrees >= 95 ? "bad" : degrees >= 85 ? "warn" : "plain";
  return { text: `${Math.round(degrees)} °C`, tone };
}

function none(): Cell {
  return { text: "–", tone: "muted" };
}

function gpuMemory(readings: ReadingsRow | undefined): { used?: number; total?: number } {
  const known = Object.values(readings?.gpus ?? {}).filter(([, , used, total]) =>
    used !== null && total !== null
  );
  if (known.length === 0) return {};
  return {
    used: known.reduce((sum, [, , used]) => sum + used!, 0),
    total: known.reduce((sum, [, , , total]) => sum + total!, 0),
  };
}

function hottestOf(readings: ReadingsRow | undefined): number | undefined {
  const known = Object.values(readings?.gpus ?? {}).flatMap(([, , , , degrees]) => degrees ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}
