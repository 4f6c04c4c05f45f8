/** What nodes say of the use of their object stores, put into the pictures of the cluster. */
import type { ClusterTotals, Floats, NodeView } from "../cluster/views.ts";
import type { ObjectNotices, StoreUse } from "./object_notices.ts";

const STORE = "object_store_memory";

/** A node's object store, in bytes. */
export interface ObjectStoreView {
  total: number;
  /** In shared memory. */
  used: number;
  /** On disk. */
  spilled: number;
  /** Files, copies of other nodes' included. */
  objects: number;
}

/** The nodes with their object stores, and what those use taken off what is available. */
export function withStores(
  nodes: readonly NodeView[],
  objects: ObjectNotices,
): (NodeView & { object_store?: ObjectStoreView })[] {
  return nodes.map((node) => {
    const use = objects.useOf(node.node_id);
    const total = node.total[STORE];
    if (!use || total === undefined) return node;
    const { object_store_used: used, object_store_spilled: spilled } = use;
    const object_store = { total, used, spilled, objects: use.objects };
    return { ...node, available: less(node.available, use), object_store };
  });
}

/** Amounts by node, less what the stores use. */
export function lessStores(
  available: Record<string, Floats>,
  objects: ObjectNotices,
): Record<string, Floats> {
  return Object.fromEntries(
    Object.entries(available).map(([node_id, amounts]) => {
      const use = objects.useOf(node_id);
      return [node_id, use ? less(amounts, use) : amounts];
    }),
  );
}

/** Sums, with what the stores of these nodes use. */
export function totalsWithStores(
  totals: ClusterTotals,
  nodes: Iterable<string>,
  objects: ObjectNotices,
): ClusterTotals {
  let used = 0;
  for (const node_id of nodes) used += objects.useOf(node_id)?.object_store_used ?? 0;
  if (used === 0) return totals;
  return {
    ...totals,
    available: taken(totals.available, used),
    used: { ...totals.used, [STORE]: (totals.used[STORE] ?? 0) + used },
  };
}

function less(amounts: Floats, use: StoreUse): Floats {
  return taken(amounts, use.object_store_used);
}

function taken(amounts: Floats, used: number): Floats {
  const present = amounts[STORE];
  return present === undefined ? amounts : { ...amounts, [STORE]: Math.max(0, present - used) };
}
