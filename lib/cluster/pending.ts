/** What waits: with reasons for `beam status`, summed up as demands for `ray status`. */
import type { ActorRecord } from "./actors.ts";
import type { Amounts } from "./amounts.ts";
import { largerOf, toFloats } from "./amounts.ts";
import type { Books } from "./books.ts";
import type { GroupStrategy } from "./groups.ts";
import { explain } from "./reasons.ts";
import { Survey } from "./survey.ts";

/** A request that waits for a place. */
export interface PendingReason {
  kind: "actor" | "group";
  id: string;
  job_id: string;
  name: string;
  since: number;
  text: string;
  /** False when no present node could hold it even when empty. */
  feasible: boolean;
  /** How many wait alike. */
  count: number;
}

/**
 * What waits for a place, with the reasons. Actors of one job that want the same are one entry,
 * told by the first of them: thousands may wait for the same CPU.
 */
export function pendingReasons(
  books: Books,
  survey: Survey = new Survey(books),
): PendingReason[] {
  const reasons = new Map<string, PendingReason>();
  for (const id of books.queue) {
    const group = books.groups.get(id);
    const actor = books.actors.get(id);
    const request = group ?? actor;
    if (request === undefined) continue;
    const shape = actor === undefined ? id : waitingShape(actor);
    const known = reasons.get(shape);
    if (known !== undefined) {
      known.count += 1;
      continue;
    }
    const { job_id, name, since } = request;
    const kind = group === undefined ? "actor" : "group";
    const feasible = survey.never(request) === undefined;
    const text = explain(books, id, survey) ?? "";
    reasons.set(shape, { kind, id, job_id, name, since, text, feasible, count: 1 });
  }
  return [...reasons.values()];
}

/** Equal for actors that wait for the same. */
export function waitingShape(actor: ActorRecord): string {
  const { job_id, place, run, pg, strategy, not_before } = actor;
  return JSON.stringify([job_id, place, run, pg ?? strategy, not_before > 0]);
}

/** Requests of one shape that wait. */
export interface Demand {
  kind: "group" | "actor";
  /** For a group: its distinct bundles with their counts; for an actor: one entry, count 1. */
  bundles: { amounts: Record<string, number>; count: number }[];
  strategy?: GroupStrategy;
  /** How many requests. */
  count: number;
}

/** What waits, summed up by shape. */
export function demandsView(books: Books): Demand[] {
  const demands = new Map<string, Demand>();
  const add = (demand: Demand) => {
    const key = JSON.stringify([demand.kind, demand.bundles, demand.strategy]);
    const known = demands.get(key);
    if (known === undefined) demands.set(key, demand);
    else known.count += 1;
  };
  for (const id of books.queue) {
    const group = books.groups.get(id);
    const actor = books.actors.get(id);
    if (group !== undefined) {
      const missing = group.bundles.filter((_, index) => group.nodes[index] === "");
      add({ kind: "group", bundles: counted(missing), strategy: group.strategy, count: 1 });
    } else if (actor !== undefined) {
      const place = largerOf(actor.place, actor.run);
      const amounts = actor.pg === undefined ? place : inGroup(place, actor.pg);
      add({ kind: "actor", bundles: counted([amounts]), count: 1 });
    }
  }
  return [...demands.values()];
}

/**
 * The lines of `ray status` under "Pending Demands", which scripts read.
 *
 * @returns ` {'GPU': 8.0} * 1 (PACK): 1+ pending placement groups` and the like
 */
export function demandLines(books: Books): string[] {
  return demandsView(books).map(({ kind, bundles, strategy, count }) => {
    if (kind === "actor") {
      return ` ${pythonDict(bundles[0]?.amounts ?? {})}: ${count}+ pending tasks/actors`;
    }
    const shapes = bundles.map((one) => `${pythonDict(one.amounts)} * ${one.count}`);
    return ` ${shapes.join(", ")} (${strategy}): ${count}+ pending placement groups`;
  });
}

function inGroup(place: Amounts, pg: { pg_id: string; bundle_index: number }): Amounts {
  const suffix = pg.bundle_index === -1 ? pg.pg_id : `${pg.bundle_index}_${pg.pg_id}`;
  const inside = Object.entries(place).map(([name, units]) => [`${name}_group_${suffix}`, units]);
  return Object.fromEntries(inside);
}

function counted(bundles: readonly Amounts[]): Demand["bundles"] {
  const shapes = new Map<string, Demand["bundles"][number]>();
  for (const bundle of bundles) {
    const key = JSON.stringify(Object.entries(bundle).sort());
    const known = shapes.get(key);
    if (known === undefined) shapes.set(key, { amounts: toFloats(bundle), count: 1 });
    else known.count += 1;
  }
  return [...shapes.values()];
}

function pythonDict(amounts: Record<string, number>): string {
  const items = Object.entries(amounts).map(([name, value]) =>
    `'${name}': ${Number.isInteger(value) ? value.toFixed(1) : value}`
  );
  return `{${items.join(", ")}}`;
}
