/** The nodes' object stores as rows of a table. Pure. */
import type { NodeRow, ReadingsRow } from "../picture.ts";
import type { Column } from "./cell.ts";
import type { Searchable } from "./filter.ts";
import { bytesText, countOf, countText } from "./format.ts";
import { nodeHref, nodeName, sizeCell } from "./nodes_model.ts";
import type { Tables } from "./tables.ts";

/** A node's store, with its machine's shared memory and disk. */
export interface StoreLine {
  node: NodeRow;
  store: NonNullable<NodeRow["store"]>;
  readings: ReadingsRow | undefined;
}

/** The stores of nodes that are not dead. */
export function storeLines(tables: Tables): StoreLine[] {
  return tables.rows("nodes").flatMap((node) =>
    node.store && node.state !== "dead"
      ? [{ node, store: node.store, readings: tables.get("readings", node.id) }]
      : []
  );
}

/** All of them in a sentence. */
export function storeText(lines: readonly StoreLine[]): string {
  const sum = (of: "used" | "total" | "spilled" | "objects") =>
    lines.reduce((total, { store }) => total + store[of], 0);
  return `${countOf(sum("objects"), "file")}, copies of other nodes' included: ${
    bytesText(sum("used"))
  } of ${bytesText(sum("total"))} in shared memory, ${bytesText(sum("spilled"))} on disk. ` +
    "Values of up to 1 MiB stay in the memory of who made them, and are not counted here.";
}

/** The columns of the table of stores. */
export const STORE_COLUMNS: readonly Column<StoreLine>[] = [
  {
    id: "name",
    title: "Node",
    wrap: true,
    cell: ({ node }) => ({
      text: nodeName(node),
      sub: node.name ? node.ip : "",
      href: nodeHref(node.id),
    }),
  },
  {
    id: "used",
    title: "In shared memory",
    cell: ({ store }) => sizeCell(store.used, store.total),
    order: ({ store }) => store.used,
  },
  {
    id: "spilled",
    title: "On disk",
    number: true,
    cell: ({ store }) => ({
      text: bytesText(store.spilled),
      tone: store.spilled > 0 ? "warn" : "muted",
    }),
    order: ({ store }) => store.spilled,
  },
  {
    id: "objects",
    title: "Files",
    number: true,
    cell: ({ store }) => ({ text: countText(store.objects) }),
    order: ({ store }) => store.objects,
  },
  {
    id: "shm",
    title: "/dev/shm",
    hint: "Everything on the machine that uses it",
    rank: 2,
    cell: ({ readings }) => sizeCell(readings?.shm_used, readings?.shm_total),
    order: ({ readings }) => readings?.shm_used ?? -1,
  },
  {
    id: "disk",
    title: "Disk",
    hint: "The file system of the runtime directory",
    rank: 3,
    cell: ({ readings }) => sizeCell(readings?.disk_used, readings?.disk_total),
    order: ({ readings }) => readings?.disk_used ?? -1,
  },
];

/** What a store is found by. */
export function storeSearch({ node }: StoreLine): Searchable {
  return { name: node.name, ip: node.ip, id: node.id, state: node.state };
}
