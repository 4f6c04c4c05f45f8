/** Where the bundles of a placement group go: pure, and whole or not at all. */
import type { Amounts } from "./amounts.ts";
import { addAmounts } from "./amounts.ts";
import { roomOf, Search } from "./bundle_search.ts";
import type { GroupStrategy } from "./groups.ts";
import type { Grant, Ledger } from "./ledger.ts";
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

/** Of bundles that are all alike: as many, from the first one on, as can be placed. */
export function placeMost(request: BundleRequest): PlacedBundle[] {
  return new Search(request, request.nodes, request.preferred).most();
}

function spanOf(placed: PlacedBundle[]): number {
  return new Set(placed.map((one) => one.node_id)).size;
}

/** All on one node: the preferred one, else the one that is left with the least. */
function onOneNode(
  request: BundleRequest,
  nodes: readonly RoomyNode[],
): PlacedBundle[] | undefined {
  const need: Amounts = {};
  for (const [index, bundle] of request.bundles.entries()) {
    if ((request.fixed?.[index] ?? "") === "") addAmounts(need, bundle);
  }
  // A cheap look first: of many nodes few have room for all.
  const roomy = nodes.filter(({ node, ledger }) => holds(ledger, localise(node, need)));
  const rank = (n: RoomyNode) => n.node.node_id === request.preferred ? -1 : roomOf(n.ledger);
  for (const node of roomy.sort((a, b) => rank(a) - rank(b))) {
    const placed = new Search(request, [node]).run();
    if (placed !== undefined) return placed;
  }
  return undefined;
}

function holds({ free }: Ledger, need: Amounts): boolean {
  return Object.entries(need).every(([name, units]) => (free[name] ?? 0) >= units);
}
