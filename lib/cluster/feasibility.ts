/** Whether the present nodes could hold a request if nobody used them, and if not, why not. */
import type { ActorRecord } from "./actors.ts";
import type { Amounts } from "./amounts.ts";
import { addAmounts, amountText, largerOf } from "./amounts.ts";
import type { Books } from "./books.ts";
import type { GroupRecord } from "./groups.ts";
import { findGrant } from "./ledger.ts";
import { localise } from "./node.ts";
import type { RoomyNode } from "./placement.ts";
import { placeBundles } from "./placement.ts";
import { chooseNode } from "./choose_node.ts";
import { emptyNodes } from "./scheduling.ts";

/**
 * The sentence that says no present node can ever hold it, or undefined where they can.
 * @param nodes as {@link emptyNodes} gives them
 */
export function neverText(
  books: Books,
  request: ActorRecord | GroupRecord,
  nodes: RoomyNode[] = emptyNodes(books),
): string | undefined {
  return "pg_id" in request ? groupNever(request, nodes) : actorNever(request, nodes);
}

function actorNever(actor: ActorRecord, nodes: RoomyNode[]): string | undefined {
  if (actor.pg !== undefined) return undefined;
  const place = largerOf(actor.place, actor.run);
  const { strategy } = actor;
  if (chooseNode({ place, strategy, nodes, workers: new Map() }) !== undefined) return undefined;
  return `No present node can hold it even when empty${largestText(place, nodes)}; it waits for ` +
    "a new node.";
}

function groupNever(group: GroupRecord, nodes: RoomyNode[]): string | undefined {
  const selectors = group.selectors ?? [];
  // What it has already stays its own, so those bundles are placed too, where they are.
  const { strategy, bundles } = group;
  if (placeBundles({ strategy, bundles, selectors, nodes }) !== undefined) return undefined;
  const ending = "it waits for a new node.";
  const together: Amounts = {};
  for (const bundle of bundles) addAmounts(together, bundle);
  const alone = strategy === "STRICT_PACK" ? [together] : bundles;
  for (const need of alone) {
    if (nodes.some(({ node, ledger }) => findGrant(ledger, localise(node, need)))) continue;
    return `No present node can hold it even when empty${largestText(need, nodes)}; ${ending}`;
  }
  if (strategy === "STRICT_SPREAD" && bundles.length > nodes.length) {
    return `It needs ${bundles.length} different nodes (STRICT_SPREAD) and ${nodes.length} ` +
      `${nodes.length === 1 ? "is" : "are"} there; ${ending}`;
  }
  for (const [name, units] of Object.entries(together)) {
    const sum = nodes.reduce((total, { ledger }) => total + (ledger.free[name] ?? 0), 0);
    if (sum >= units || name.startsWith("node:")) continue;
    return `All present nodes together cannot hold it even when empty (it needs ` +
      `${amountText(name, units)}, they have ${amountText(name, sum)}); ${ending}`;
  }
  return `The present nodes cannot hold all its bundles even when empty; ${ending}`;
}

function largestText(need: Amounts, nodes: RoomyNode[]): string {
  for (const [name, units] of Object.entries(need)) {
    const has = ({ node, ledger }: RoomyNode) =>
      ledger.free[Object.keys(localise(node, { [name]: units }))[0]!] ?? 0;
    const largest = nodes.reduce<RoomyNode | undefined>(
      (most, one) => most === undefined || has(one) > has(most) ? one : most,
      undefined,
    );
    if (largest === undefined) return " (there is none)";
    if (has(largest) >= units) continue;
    return has(largest) === 0
      ? ` (none has ${name})`
      : ` (largest: ${amountText(name, has(largest))} on ${largest.node.ip})`;
  }
  return "";
}
