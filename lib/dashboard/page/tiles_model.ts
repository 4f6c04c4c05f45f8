/** The figures of the first view. Pure. */
import { fullness, type Tone } from "./cell.ts";
import { amountText, bytesText, countOf, countText, shareOf } from "./format.ts";
import type { Tables } from "./tables.ts";

/** One figure. */
export interface Tile {
  name: string;
  value: string;
  /** What it is a part of, or what it is made of. */
  of: string;
  share?: number;
  tone: Tone;
  href: string;
}

/** Resources that have a figure without being asked for by name. */
const USUAL = ["GPU", "CPU", "memory", "object_store_memory"];

/** The figures, in order. */
export function tilesOf(tables: Tables): Tile[] {
  const cluster = tables.one("cluster");
  if (!cluster) return [];
  const { total, used, reserved, used_of_reserved } = cluster;
  const held = (name: string) =>
    (used[name] ?? 0) - (used_of_reserved[name] ?? 0) + (reserved[name] ?? 0);
  const tiles: Tile[] = [];
  for (const name of ["GPU", "CPU"]) {
    if ((total[name] ?? 0) === 0) continue;
    tiles.push(amountTile(`${name}s held`, held(name), total[name]!));
  }
  tiles.push(...machineTiles(tables));
  const [store, room] = [used["object_store_memory"] ?? 0, total["object_store_memory"] ?? 0];
  if (room > 0) tiles.push(sizeTile("Object store", store, room, "#/objects"));
  for (const [name, amount] of Object.entries(total)) {
    if (USUAL.includes(name) || /^(node:|accelerator_type:)/.test(name)) continue;
    tiles.push(amountTile(name, held(name), amount));
  }
  return [...tiles, ...countTiles(tables)];
}

function amountTile(name: string, held: number, total: number): Tile {
  const share = shareOf(held, total);
  return {
    name,
    value: amountText(held),
    of: `of ${amountText(total)}`,
    ...(share !== undefined && { share }),
    tone: "plain",
    href: "#/nodes",
  };
}

function sizeTile(name: string, used: number, total: number, href: string): Tile {
  const share = shareOf(used, total);
  return {
    name,
    value: bytesText(used),
    of: `of ${bytesText(total)}`,
    ...(share !== undefined && { share }),
    tone: fullness(share),
    href,
  };
}

/** What the machines themselves say is in use. */
function machineTiles(tables: Tables): Tile[] {
  const readings = tables.rows("readings");
  const sum = (values: (number | undefined | null)[]) =>
    values.reduce<number>((total, value) => total + (value ?? 0), 0);
  const gpus = readings.flatMap((one) => Object.values(one.gpus));
  const tiles: Tile[] = [];
  const known = gpus.filter(([, , used, total]) => used !== null && total !== null);
  if (known.length > 0) {
    const used = sum(known.map(([, , used]) => used));
    const total = sum(known.map(([, , , total]) => total));
    // Full GPU memory is what it is for.
    tiles.push({ ...sizeTile("GPU memory", used, total, "#/nodes"), tone: "plain" });
  }
  const memory = sum(readings.map(({ memory_total }) => memory_total));
  if (memory > 0) {
    const used = sum(readings.map(({ memory_used }) => memory_used));
    tiles.push(sizeTile("Memory", used, memory, "#/nodes"));
  }
  return tiles;
}

function countTiles(tables: Tables): Tile[] {
  const nodes = tables.rows("nodes");
  const alive = nodes.filter(({ state }) => state === "alive" || state === "draining").length;
  const gone = nodes.filter(({ state }) => state === "suspect" || state === "away").length;
  const actors = tables.rows("actors");
  const inState = (state: string) => actors.filter((actor) => actor.state === state).length;
  const pending = inState("PENDING_CREATION") + inState("RESTARTING");
  const groups = tables.rows("groups").filter(({ state }) => state !== "REMOVED");
  const waiting = groups.filter(({ state }) => state !== "CREATED").length;
  const jobs = tables.rows("jobs");
  const running = jobs.filter(({ status }) => status === "RUNNING").length;
  const spilled = nodes.reduce((total, { store }) => total + (store?.spilled ?? 0), 0);
  const tiles: Tile[] = [
    count("Nodes", alive, gone > 0 ? `${countText(gone)} not heard of` : "", "#/nodes"),
    count(
      "Actors alive",
      inState("ALIVE"),
      pending > 0 ? `${countText(pending)} pending` : "",
      "#/actors",
    ),
    count("Groups", groups.length, waiting > 0 ? `${countText(waiting)} waiting` : "", "#/groups"),
    count(
      "Jobs running",
      running,
      jobs.length > running ? `of ${countOf(jobs.length, "job")}` : "",
      "#/jobs",
    ),
  ];
  if (spilled > 0) {
    tiles.push({
      name: "Spilled to disk",
      value: bytesText(spilled),
      of: "",
      tone: "warn",
      href: "#/objects",
    });
  }
  return tiles;
}

function count(name: string, value: number, of: string, href: string): Tile {
  return { name, value: countText(value), of, tone: "plain", href };
}
