/**
 * Where the bundles of a placement group go: pure, and whole or not at all.
 *
 * A depth-first search whose first branch is the strategy's preference, so that it is a greedy
 * choice wherever that works and finds a way around where it does not. While all bundles still to
 * place look the same, the first fitting node is as good as any other, so nothing branches; the
 * steps of a search are bounded, and a search that reaches the bound counts as not placeable now.
 */
import type { Amounts } from "./amounts.ts";
import { addAmounts } from "./amounts.ts";
import type { GroupStrategy } from "./groups.ts";
import { labelsMatch } from "./labels.ts";
import type { Grant, Ledger } from "./ledger.ts";
import { copyLedger, findGrant, returnGrant, takeGrant } from "./ledger.ts";
import type { NodeSpec } from "./node.ts";
import { localise } from "./node.ts";

/** A node that may take bundles, and what is free on it. */
export interface RoomyNode {
  node: NodeSpec;
  ledger: Ledger;
}

/** What is to be placed. */
export interface BundleRequest {
  strategy: GroupStrategy;
  bundles: readonly Amounts[];
  selectors?: readonly Record<string, string>[];
  /** Node id per bundle that has one already (a group that lost a node), else empty. */
  fixed?: readonly string[];
  /** Candidates in the order in which they joined. */
  nodes: readonly RoomyNode[];
  /** The driver's node, tried first where the strategy does not care. */
  preferred?: string;
}

/** Where one bundle goes and what it holds there. */
export interface PlacedBundle {
  bundle_index: number;
  node_id: string;
  grant: Grant;
}

const MOST_STEPS = 1000;

/** Finds nodes for every bundle without one, or undefined. Changes nothing it was given. */
export function placeBundles(request: BundleRequest): PlacedBundle[] | undefined {
  const fixed = request.fixed ?? [];
  const anchors = new Set(fixed.filter((node_id) => node_id !== ""));
  const nodes = request.nodes;
  switch (request.strategy) {
    case "STRICT_PACK": {
      const allowed = anchors.size > 0 ? nodes.filter((n) => anchors.has(n.node.node_id)) : nodes;
      return onOneNode(request, allowed);
    }
    case "PACK": {
      const near = nodes.filter((n) => anchors.has(n.node.node_id));
      const alone = onOneNode(request, anchors.size > 0 ? near : nodes);
      if (alone !== undefined) return alone;
      const plain = new Search(request, nodes).run();
      if (plain === undefined || request.preferred === undefined) return plain;
      // The driver's node belongs to the group where that costs no further node: vLLM insists.
      const here = new Search(request, nodes, request.preferred).run();
      return here !== undefined && spanOf(here) <= spanOf(plain) ? here : plain;
    }
    case "SPREAD":
    case "STRICT_SPREAD":
      return new Search(request, nodes, request.preferred).run();
  }
}

function spanOf(placed: PlacedBundle[]): number {
  return new Set(placed.map((one) => one.node_id)).size;
}

/** All on one node: the preferred one, else the one that is left with the least. */
function onOneNode(
  request: BundleRequest,
  nodes: readonly RoomyNode[],
): PlacedBundle[] | undefined {
  const rank = (n: RoomyNode) => n.node.node_id === request.preferred ? -1 : roomOf(n.ledger);
  for (const node of [...nodes].sort((a, b) => rank(a) - rank(b))) {
    const placed = new Search(request, [node]).run();
    if (placed !== undefined) return placed;
  }
  return undefined;
}

/** How much room a node has, GPUs first: the measure of "least left". */
function roomOf(ledger: Ledger): number {
  return (ledger.free.GPU ?? 0) * 1e6 + (ledger.free.CPU ?? 0);
}

interface Wanted {
  index: number;
  amounts: Amounts;
  selectors: Record<string, string>;
  /** Equal for bundles that are interchangeable. */
  shape: string;
}

interface Slot {
  node: NodeSpec;
  ledger: Ledger;
  /** Bundles of this group on it, fixed ones included. */
  bundles: number;
  /** When it was first used by this group, for PACK's order; 0 is unused. */
  opened: number;
}

class Search {
  readonly #slots: Slot[];
  readonly #wanted: Wanted[];
  readonly #names: string[];
  readonly #dead_ends: Set<string> = new Set();
  readonly #placed: PlacedBundle[] = [];
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
      return [{ index, amounts, selectors, shape: shapeOf(amounts, selectors) }];
    });
    this.#wanted = this.#hardestFirst(wanted);
    this.#names = [...new Set(wanted.flatMap((one) => Object.keys(one.amounts)))].sort();
  }

  run(): PlacedBundle[] | undefined {
    if (!this.#sumFits() || !this.#place(0)) return undefined;
    return [...this.#placed].sort((a, b) => a.bundle_index - b.bundle_index);
  }

  /** Fewest candidate nodes first, then the largest; equal ones keep their order. */
  #hardestFirst(wanted: Wanted[]): Wanted[] {
    const choices = new Map<string, number>();
    for (const one of wanted) {
      if (!choices.has(one.shape)) {
        choices.set(one.shape, this.#slots.filter((slot) => this.#grantOn(slot, one)).length);
      }
    }
    const size = (one: Wanted) =>
      (one.amounts.GPU ?? 0) * 1e6 + Object.values(one.amounts).reduce((sum, n) => sum + n, 0);
    return [...wanted].sort((a, b) =>
      choices.get(a.shape)! - choices.get(b.shape)! || size(b) - size(a) || a.index - b.index
    );
  }

  /** A cheap proof that it cannot work, before any search. */
  #sumFits(): boolean {
    const need: Amounts = {};
    for (const one of this.#wanted) addAmounts(need, one.amounts);
    const have: Amounts = {};
    for (const slot of this.#slots) addAmounts(have, slot.ledger.free);
    return Object.entries(need).every(([name, units]) =>
      name.startsWith("node:") || (have[name] ?? 0) >= units
    );
  }

  #grantOn(slot: Slot, one: Wanted): Grant | undefined {
    if (this.request.strategy === "STRICT_SPREAD" && slot.bundles > 0) return undefined;
    if (!labelsMatch(slot.node.labels, one.selectors)) return undefined;
    return findGrant(slot.ledger, localise(slot.node, one.amounts));
  }

  #place(at: number): boolean {
    const one = this.#wanted[at];
    if (one === undefined) return true;
    if (++this.#steps > MOST_STEPS) return false;
    const alike = this.#wanted.slice(at + 1).every((other) => other.shape === one.shape);
    const key = alike ? "" : this.#stateKey(at);
    if (this.#dead_ends.has(key)) return false;
    for (const slot of this.#candidates(at, one)) {
      const grant = this.#grantOn(slot, one)!;
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
    if (!alike) this.#dead_ends.add(key);
    return false;
  }

  #candidates(at: number, one: Wanted): Slot[] {
    const fitting = this.#slots.filter((slot) => this.#grantOn(slot, one) !== undefined);
    const liked = (slot: Slot) => slot.node.node_id === this.preferred ? 0 : 1;
    if (this.request.strategy === "PACK") {
      const holds = new Map(
        fitting.filter((slot) => slot.opened === 0).map((slot) => [slot, this.#capacity(at, slot)]),
      );
      const age = (slot: Slot) => slot.opened === 0 ? Number.MAX_SAFE_INTEGER : slot.opened;
      return fitting.sort((a, b) =>
        age(a) - age(b) || liked(a) - liked(b) || (holds.get(b) ?? 0) - (holds.get(a) ?? 0)
      );
    }
    return fitting.sort((a, b) =>
      a.bundles - b.bundles || liked(a) - liked(b) || roomOf(b.ledger) - roomOf(a.ledger)
    );
  }

  /** How many of the bundles from `at` on this node could hold by itself. */
  #capacity(at: number, slot: Slot): number {
    const trial: Slot = { ...slot, ledger: copyLedger(slot.ledger) };
    let count = 0;
    for (const one of this.#wanted.slice(at)) {
      const grant = this.#grantOn(trial, one);
      if (grant === undefined) continue;
      takeGrant(trial.ledger, grant);
      count += 1;
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

function shapeOf(amounts: Amounts, selectors: Record<string, string>): string {
  const sorted = (record: Record<string, unknown>) =>
    Object.entries(record).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  return JSON.stringify([sorted(amounts), sorted(selectors)]);
}
