/** The search for nodes for the bundles of a placement group. */
import type { Amounts } from "./amounts.ts";
import { addAmounts } from "./amounts.ts";
import { labelsMatch } from "./labels.ts";
import type { Ledger } from "./ledger.ts";
import {
  copyLedger,
  findGrant,
  fits,
  howMany,
  returnGrant,
  takeGrant,
  takeMany,
} from "./ledger.ts";
import type { NodeSpec } from "./node.ts";
import { localise } from "./node.ts";
import type { BundleRequest, PlacedBundle, RoomyNode } from "./placement.ts";

/** Beyond one step for each bundle, which is what a search without a way back takes. */
const MOST_STEPS = 1000;

/** How much room a node has, GPUs first: the measure of "least left". */
export function roomOf(ledger: Ledger): number {
  return (ledger.free.GPU ?? 0) * 1e6 + (ledger.free.CPU ?? 0);
}

interface Wanted {
  index: number;
  amounts: Amounts;
  selectors: Record<string, string>;
  /** Equal for bundles that are interchangeable. */
  shape: string;
  /** True where it names a node's address or labels, so that it is not the same on every node. */
  picky: boolean;
}

/** Bundles of one shape that follow each other in the order of placing. */
interface Run {
  one: Wanted;
  end: number;
}

interface Slot {
  node: NodeSpec;
  ledger: Ledger;
  /** Bundles of this group on it, fixed ones included. */
  bundles: number;
  /** When it was first used by this group, for PACK's order; 0 is unused. */
  opened: number;
}

/**
 * A depth-first search whose first branch is the strategy's preference, so that it is a greedy
 * choice wherever that works and finds a way around where it does not. While all bundles still to
 * place look the same, the first fitting node is as good as any other, so nothing branches; the
 * steps of a search are bounded, and a search that reaches the bound counts as not placeable now.
 */
export class Search {
  readonly #slots: Slot[];
  readonly #wanted: Wanted[];
  readonly #runs: Run[];
  readonly #names: string[];
  readonly #dead_ends: Set<string> = new Set();
  readonly #placed: PlacedBundle[] = [];
  #farthest: PlacedBundle[] = [];
  #steps = 0;
  #opened = 0;

  constructor(
    readonly request: BundleRequest,
    nodes: readonly RoomyNode[],
    readonly preferred?: string,
  ) {
    const fixed = request.fixed ?? [];
    this.#slots = nodes.map(({ node, ledger }) => {
      const bundles = fixed.filter((node_id) => node_id === node.node_id).length;
      return {
        node,
        ledger: copyLedger(ledger),
        bundles,
        opened: bundles > 0 ? ++this.#opened : 0,
      };
    });
    const wanted = request.bundles.flatMap((amounts, index): Wanted[] => {
      if ((fixed[index] ?? "") !== "") return [];
      const selectors = request.selectors?.[index] ?? {};
      const picky = Object.keys(selectors).length > 0 ||
        Object.keys(amounts).some((name) => name.startsWith("node:"));
      return [{ index, amounts, selectors, shape: shapeOf(amounts, selectors), picky }];
    });
    this.#wanted = this.#hardestFirst(wanted);
    this.#runs = runsOf(this.#wanted);
    this.#names = [...new Set(wanted.flatMap((one) => Object.keys(one.amounts)))].sort();
  }

  run(): PlacedBundle[] | undefined {
    if (!this.#sumFits() || !this.#place(0)) return undefined;
    return [...this.#placed].sort((a, b) => a.bundle_index - b.bundle_index);
  }

  /** As many as can be placed in the order of placing, which for equal bundles is theirs. */
  most(): PlacedBundle[] {
    return this.#place(0) ? [...this.#placed] : this.#farthest;
  }

  /** Fewest candidate nodes first, then the largest; equal ones are together, in their order. */
  #hardestFirst(wanted: Wanted[]): Wanted[] {
    const choices = new Map<string, number>();
    const first = new Map<string, number>();
    for (const one of wanted) {
      if (!first.has(one.shape)) first.set(one.shape, one.index);
      if (!choices.has(one.shape)) {
        choices.set(one.shape, this.#slots.filter((slot) => this.#fitsOn(slot, one)).length);
      }
    }
    const size = (one: Wanted) =>
      (one.amounts.GPU ?? 0) * 1e6 + Object.values(one.amounts).reduce((sum, n) => sum + n, 0);
    return [...wanted].sort((a, b) =>
      choices.get(a.shape)! - choices.get(b.shape)! || size(b) - size(a) ||
      first.get(a.shape)! - first.get(b.shape)! || a.index - b.index
    );
  }

  /** A cheap proof that it cannot work, before any search. */
  #sumFits(): boolean {
    const alone = this.request.strategy === "STRICT_SPREAD";
    if (alone && this.#slots.filter((slot) => slot.bundles === 0).length < this.#wanted.length) {
      return false;
    }
    const need: Amounts = {};
    for (const one of this.#wanted) addAmounts(need, one.amounts);
    const have: Amounts = {};
    for (const slot of this.#slots) addAmounts(have, slot.ledger.free);
    return Object.entries(need).every(([name, units]) =>
      name.startsWith("node:") || (have[name] ?? 0) >= units
    );
  }

  #fitsOn(slot: Slot, one: Wanted): boolean {
    if (this.request.strategy === "STRICT_SPREAD" && slot.bundles > 0) return false;
    if (!one.picky) return fits(slot.ledger, one.amounts);
    return labelsMatch(slot.node.labels, one.selectors) &&
      fits(slot.ledger, localise(slot.node, one.amounts));
  }

  #place(at: number): boolean {
    const one = this.#wanted[at];
    if (one === undefined) return true;
    if (++this.#steps > MOST_STEPS + this.#wanted.length) return false;
    const alike = at >= (this.#runs.at(-2)?.end ?? 0);
    // The state's key is long: where nothing has failed yet, it is in nobody's way.
    const known = () => this.#dead_ends.size > 0 && this.#dead_ends.has(this.#stateKey(at));
    if (!alike && known()) return false;
    for (const slot of this.#candidates(at, one)) {
      const grant = findGrant(slot.ledger, localise(slot.node, one.amounts))!;
      const opened = slot.opened;
      takeGrant(slot.ledger, grant);
      slot.bundles += 1;
      if (slot.opened === 0) slot.opened = ++this.#opened;
      this.#placed.push({ bundle_index: one.index, node_id: slot.node.node_id, grant });
      if (this.#place(at + 1)) return true;
      this.#placed.pop();
      slot.opened = opened;
      slot.bundles -= 1;
      returnGrant(slot.ledger, grant);
      if (alike) return false;
    }
    if (this.#placed.length > this.#farthest.length) this.#farthest = [...this.#placed];
    if (!alike) this.#dead_ends.add(this.#stateKey(at));
    return false;
  }

  /** The nodes that have room, the best first: mostly no other is asked for. */
  *#candidates(at: number, one: Wanted): Iterable<Slot> {
    const liked = (slot: Slot) => slot.node.node_id === this.preferred ? 0 : 1;
    if (this.request.strategy !== "PACK") {
      const fits = (slot: Slot) => this.#fitsOn(slot, one);
      const order = (a: Slot, b: Slot) =>
        a.bundles - b.bundles || liked(a) - liked(b) || roomOf(b.ledger) - roomOf(a.ledger);
      return yield* bestFirst(this.#slots, fits, order);
    }
    yield* bestFirst(
      this.#slots,
      (slot) => slot.opened > 0 && this.#fitsOn(slot, one),
      (a, b) => a.opened - b.opened,
    );
    const fresh = this.#slots.filter((slot) => slot.opened === 0 && this.#fitsOn(slot, one));
    const room = new Map(fresh.map((slot) => [slot, this.#capacity(at, slot)]));
    yield* bestFirst(
      fresh,
      () => true,
      (a, b) => liked(a) - liked(b) || room.get(b)! - room.get(a)!,
    );
  }

  /** How many of the bundles from `at` on this node could hold by itself. */
  #capacity(at: number, slot: Slot): number {
    const runs = this.#runs.filter(({ end }) => end > at);
    let ledger = slot.ledger;
    let count = 0;
    let begin = at;
    for (const { one, end } of runs) {
      const most = end - begin;
      begin = end;
      if (one.picky && !labelsMatch(slot.node.labels, one.selectors)) continue;
      const amounts = localise(slot.node, one.amounts);
      if (end === this.#wanted.length) return count + howMany(ledger, amounts, most);
      if (ledger === slot.ledger) ledger = copyLedger(ledger);
      count += takeMany(ledger, amounts, most);
    }
    return count;
  }

  /** Two states with the same key have the same future. */
  #stateKey(at: number): string {
    const slots = this.#slots.map((slot) => {
      const free = this.#names.map((name) => {
        const own = Object.keys(localise(slot.node, { [name]: 1 }))[0]!;
        return slot.ledger.free[own] ?? 0;
      });
      const gpus = slot.ledger.gpus.map(([, units]) => units).sort((a, b) => a - b);
      const used = this.request.strategy === "STRICT_SPREAD" ? slot.bundles : 0;
      return JSON.stringify([free, gpus, used, slot.node.labels]);
    });
    return `${at}:${slots.sort().join("")}`;
  }
}

/** The items that will do, the best first; what comes after it is looked for only when it is asked for. */
function* bestFirst<T>(
  items: readonly T[],
  willDo: (item: T) => boolean,
  order: (a: T, b: T) => number,
): Generator<T, void> {
  const had = new Set<T>();
  while (true) {
    let best: T | undefined;
    for (const item of items) {
      if (best !== undefined && order(item, best) >= 0) continue;
      if (!had.has(item) && willDo(item)) best = item;
    }
    if (best === undefined) return;
    yield best;
    had.add(best);
  }
}

function runsOf(wanted: readonly Wanted[]): Run[] {
  const runs: Run[] = [];
  for (const [at, one] of wanted.entries()) {
    const last = runs.at(-1);
    if (last?.one.shape === one.shape) last.end = at + 1;
    else runs.push({ one, end: at + 1 });
  }
  return runs;
}

function shapeOf(amounts: Amounts, selectors: Record<string, string>): string {
  const sorted = (record: Record<string, unknown>) =>
    Object.entries(record).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return JSON.stringify([sorted(amounts), sorted(selectors)]);
}
