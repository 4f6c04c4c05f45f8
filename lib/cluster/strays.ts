/**
 * Workers that a joining node reports and the books do not have: a power cut took the journal's last
 * rows, or the whole journal was lost. They are told to end; until their node says that they are gone,
 * they hold their devices, so that none is given to two processes.
 *
 * Strays are in no journal: a head that is restarted hears of them again.
 */
import type { Amounts } from "./amounts.ts";
import type { Books, Place } from "./books.ts";
import { releaseBundles } from "./endings.ts";
import type { Grant, Ledger } from "./ledger.ts";

/** A worker of that kind. */
export interface Stray {
  node_id: string;
  actor_id: string;
  incarnation: number;
  /** What of its grant was free in the books, on its node and in bundles there. */
  parts: { place: Place; grant: Grant }[];
}

type Name = Pick<Stray, "node_id" | "actor_id" | "incarnation">;

/** Keeps for the stray what its node says that it holds, as far as the books take it for free. */
export function holdStray(books: Books, name: Name, grant: Grant): void {
  const { node_id, actor_id, incarnation } = name;
  if (books.strays.has(keyOf(name)) || !books.node_ledgers.has(node_id)) return;
  const left: Grant = {
    amounts: { ...grant.amounts },
    gpus: grant.gpus.map(([index, units]) => [index, units]),
  };
  const parts: Stray["parts"] = [];
  for (const place of placesOn(books, node_id)) {
    const part = takeFree(left, books.ledgerAt(place)!);
    books.take(place, part);
    parts.push({ place, grant: part });
  }
  books.strays.set(keyOf(name), { node_id, actor_id, incarnation, parts });
}

/** A stray is gone. @returns whether there was one of that name */
export function releaseStray(books: Books, name: Name): boolean {
  const stray = books.strays.get(keyOf(name));
  if (stray === undefined) return false;
  books.strays.delete(keyOf(name));
  for (const { place, grant } of stray.parts) {
    books.giveBack(place, grant);
    if (place.pg_id !== undefined) releaseBundles(books, place.pg_id);
  }
  return true;
}

/** Gives back what the node's strays held that do not run there any more. */
export function releaseStrays(books: Books, node_id: string, runs: (one: Stray) => boolean): void {
  for (const stray of [...books.strays.values()]) {
    if (stray.node_id === node_id && !runs(stray)) releaseStray(books, stray);
  }
}

/** The node, and the bundles on it. */
function placesOn(books: Books, node_id: string): Place[] {
  const bundles = [...books.groups.values()].flatMap(({ pg_id, nodes }) =>
    nodes.map((_, bundle_index): Place => ({ node_id, pg_id, bundle_index }))
      .filter((place) => nodes[place.bundle_index!] === node_id && books.ledgerAt(place))
  );
  return [{ node_id }, ...bundles];
}

/** As much of `left` as the ledger has; `left` is less by it afterwards. */
function takeFree(left: Grant, ledger: Ledger): Grant {
  const part: Grant = { amounts: {}, gpus: [] };
  const add = (amounts: Amounts, name: string, units: number) =>
    amounts[name] = (amounts[name] ?? 0) + units;
  for (const share of left.gpus) {
    const [, free] = ledger.gpus.find(([index]) => index === share[0]) ?? [share[0], 0];
    const units = Math.min(share[1], Math.max(0, free));
    if (units === 0) continue;
    share[1] -= units;
    part.gpus.push([share[0], units]);
    add(part.amounts, "GPU", units);
  }
  for (const [name, wanted] of Object.entries(left.amounts)) {
    const units = Math.min(wanted, Math.max(0, ledger.free[name] ?? 0));
    if (name === "GPU" || units === 0) continue;
    left.amounts[name] = wanted - units;
    add(part.amounts, name, units);
  }
  return part;
}

function keyOf({ node_id, actor_id, incarnation }: Name): string {
  return `${node_id}/${actor_id}/${incarnation}`;
}
