/**
 * Which node an actor outside of placement groups goes to: pure.
 *
 * As Ray's hybrid policy: the owner's node while less than half of what matters there is used,
 * then other nodes in the order they joined while that holds for them, then the least used one.
 * Who needs no GPU goes to a node without GPUs where one fits.
 */
import type { SchedulingStrategy } from "./actors.ts";
import { UNIT } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import { labelsMatch } from "./labels.ts";
import { fits, ledgerOf } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { localise } from "./node.ts";
import type { NodeSpec } from "./node.ts";
import type { RoomyNode } from "./placement.ts";

/** What is to be placed. */
export interface NodeRequest {
  /** Must be free on the node. */
  place: Amounts;
  strategy: SchedulingStrategy;
  /** Candidates in the order in which they joined. */
  nodes: readonly RoomyNode[];
  /** The owner's node. */
  preferred?: string;
  /** Workers per node, for `spread`. */
  workers: ReadonlyMap<string, number>;
}

const PACK_UNTIL = 0.5;

/** The node to use, or undefined where none fits now. */
export function chooseNode(request: NodeRequest): NodeSpec | undefined {
  const fitting = request.nodes.filter(({ node, ledger }) =>
    fits(ledger, localise(node, request.place))
  );
  const strategy = request.strategy;
  switch (strategy.kind) {
    case "default":
      return hybrid(request, fitting);
    case "spread": {
      const busy = (n: RoomyNode) => request.workers.get(n.node.node_id) ?? 0;
      return least(fitting, (n) => busy(n) + usedPart(n.node, n.ledger, request.place))?.node;
    }
    case "node": {
      const own = fitting.find((n) => n.node.node_id === strategy.node_id);
      if (own !== undefined || !strategy.soft) return own?.node;
      const busy = request.nodes.some((n) =>
        n.node.node_id === strategy.node_id && holdsWhenEmpty(n.node, request.place)
      );
      return busy && !strategy.spill ? undefined : hybrid(request, fitting);
    }
    case "labels": {
      const matching = (selectors: Record<string, string>, nodes: readonly RoomyNode[]) =>
        nodes.filter((n) => labelsMatch(n.node.labels, selectors));
      const hard = [strategy.hard, ...strategy.fallback ?? []]
        .map((selectors) => matching(selectors, fitting)).find((nodes) => nodes.length > 0) ?? [];
      const soft = matching(strategy.soft, hard);
      return hybrid(request, soft.length > 0 ? soft : hard);
    }
  }
}

function holdsWhenEmpty(node: NodeSpec, place: Amounts): boolean {
  const gpus = node.gpu_ids.map((_, index): [number, number] => [index, UNIT]);
  return fits(ledgerOf({ amounts: node.total, gpus }), localise(node, place));
}

function hybrid(request: NodeRequest, fitting: readonly RoomyNode[]): NodeSpec | undefined {
  const needsGpu = (request.place.GPU ?? 0) > 0;
  const plain = fitting.filter((n) => n.node.gpu_ids.length === 0);
  const pool = needsGpu || plain.length === 0 ? fitting : plain;
  const mine = (n: RoomyNode) => n.node.node_id === request.preferred;
  const ordered = [...pool.filter(mine), ...pool.filter((n) => !mine(n))];
  return least(ordered, (n) => {
    const used = usedPart(n.node, n.ledger, request.place);
    return used < PACK_UNTIL ? 0 : used;
  })?.node;
}

/** The largest used part, 0 to 1, over what is asked for and the CPUs. */
function usedPart(node: NodeSpec, ledger: Ledger, place: Amounts): number {
  const part = (name: string) => {
    const total = node.total[name] ?? 0;
    return total > 0 ? 1 - (ledger.free[name] ?? 0) / total : 0;
  };
  let most = part("CPU");
  for (const name in localise(node, place)) most = Math.max(most, part(name));
  return Math.max(0, most);
}

/** The first with the lowest score. */
function least<T>(items: readonly T[], score: (item: T) => number): T | undefined {
  let best: T | undefined;
  let lowest = Infinity;
  for (const item of items) {
    const own = score(item);
    if (own < lowest) [best, lowest] = [item, own];
  }
  return best;
}
