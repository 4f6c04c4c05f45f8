/** Placement groups as rows of tables. Pure. */
import type { GroupRow } from "../picture.ts";
import type { Cell, Column, Tone } from "./cell.ts";
import type { Searchable } from "./filter.ts";
import { amountsText, countOf, durationText, momentText, shortId } from "./format.ts";
import { nodeHref, nodeName } from "./nodes_model.ts";
import type { Tables } from "./tables.ts";

/** A group, when looked at. */
export interface GroupLine {
  group: GroupRow;
  now: number;
}

const STATES: Readonly<Record<GroupRow["state"], [text: string, tone: Tone]>> = {
  PENDING: ["pending", "warn"],
  RESCHEDULING: ["rescheduling", "warn"],
  CREATED: ["created", "good"],
  REMOVED: ["removed", "muted"],
};

/** All groups that are known. */
export function groupLines(tables: Tables, now: number): GroupLine[] {
  return tables.rows("groups").map((group) => ({ group, now }));
}

/** Its name, else the beginning of its id. */
export function groupName({ name, id }: Pick<GroupRow, "name" | "id">): string {
  return name || shortId(id);
}

/** Its state; one that can never be placed stands out. */
export function groupState({ state, feasible }: GroupRow): Cell {
  const [text, tone] = STATES[state];
  if (feasible === false) return { text, tone: "bad", dot: true, sub: "no node can hold it" };
  return { text, tone, dot: true };
}

/** Like bundles together: `4 × CPU 1 · GPU 1`. */
export function bundlesText(bundles: GroupRow["bundles"]): string {
  const counts = new Map<string, number>();
  for (const bundle of bundles) {
    const text = amountsText(bundle);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => count === 1 ? text : `${count} × ${text}`).join(", ");
}

/** The columns of the table of groups. */
export const GROUP_COLUMNS: readonly Column<GroupLine>[] = [
  {
    id: "name",
    title: "Group",
    wrap: true,
    cell: ({ group }) => ({
      text: groupName(group),
      sub: group.name ? shortId(group.id) : "",
      href: `#/groups/${group.id}`,
      title: group.id,
    }),
  },
  {
    id: "state",
    title: "State",
    cell: ({ group }) => groupState(group),
    order: ({ group }) => ["PENDING", "RESCHEDULING", "CREATED", "REMOVED"].indexOf(group.state),
  },
  { id: "strategy", title: "Strategy", rank: 3, cell: ({ group }) => ({ text: group.strategy }) },
  {
    id: "bundles",
    title: "Bundles",
    wrap: true,
    cell: ({ group }) => ({ text: bundlesText(group.bundles) }),
    order: ({ group }) => group.bundles.length,
  },
  {
    id: "nodes",
    title: "On",
    rank: 2,
    cell: ({ group }) => {
      const nodes = new Set(group.nodes.filter((id) => id !== "")).size;
      return { text: nodes === 0 ? "–" : countOf(nodes, "node") };
    },
    order: ({ group }) => new Set(group.nodes).size,
  },
  { id: "job", title: "Job", rank: 3, cell: ({ group }) => ({ text: group.job_id, mono: true }) },
  {
    id: "since",
    title: "For",
    number: true,
    rank: 3,
    cell: ({ group, now }) => {
      const since = sinceOf(group);
      return { text: durationText(now - since), title: `Since ${momentText(since)}` };
    },
    order: ({ group, now }) => now - sinceOf(group),
  },
  {
    id: "why",
    title: "Why it waits",
    wide: true,
    rank: 2,
    cell: ({ group }) => ({ text: group.why ?? "", ...(group.why && { title: group.why }) }),
  },
];

function sinceOf(group: GroupRow): number {
  return group.removed_at ?? group.created_at ?? group.requested_at;
}

/** What a group is found by. */
export function groupSearch({ group }: GroupLine): Searchable {
  return {
    id: group.id,
    name: group.name,
    state: group.state.toLowerCase(),
    strategy: group.strategy,
    job: group.job_id,
    node_id: group.nodes.join(" "),
    why: group.why,
  };
}

/** One bundle of a group. */
export interface BundleLine {
  index: number;
  holds: string;
  node_id: string;
  node: string;
  inside: { id: string; text: string }[];
}

/** A group's bundles, where they are and who is inside. */
export function bundleLines(group: GroupRow, tables: Tables): BundleLine[] {
  const actors = tables.rows("actors").filter(({ pg_id, state }) =>
    pg_id === group.id && state !== "DEAD"
  );
  return group.bundles.map((bundle, index) => ({
    index,
    holds: amountsText(bundle),
    node_id: group.nodes[index] ?? "",
    node: group.nodes[index] ? nodeName(tables.get("nodes", group.nodes[index])) : "",
    inside: actors.filter((actor) => actor.bundle === index)
      .map(({ id, name, class_name }) => ({ id, text: name || class_name })),
  }));
}

/** The columns of a group's table of bundles. */
export const BUNDLE_COLUMNS: readonly Column<BundleLine>[] = [
  {
    id: "index",
    title: "Bundle",
    cell: ({ index }) => ({ text: String(index) }),
    order: ({ index }) => index,
  },
  { id: "holds", title: "Holds", wrap: true, cell: ({ holds }) => ({ text: holds }) },
  {
    id: "node",
    title: "Node",
    cell: ({ node, node_id }) =>
      node === ""
        ? { text: "no place yet", tone: "warn" }
        : { text: node, href: nodeHref(node_id) },
  },
  {
    id: "inside",
    title: "Inside",
    wide: true,
    cell: ({ inside }) =>
      inside.length === 0
        ? { text: "nobody", tone: "muted" }
        : { text: inside.map(({ text }) => text).join(", ") },
  },
];
