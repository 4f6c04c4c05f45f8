/** Views that are one table: nodes, actors, groups, jobs, tasks, objects, events. */
import { ACTOR_COLUMNS, actorLines, actorSearch } from "./actors_model.ts";
import type { Column } from "./cell.ts";
import { DataTable } from "./data_table.ts";
import { h } from "./dom.ts";
import { EVENT_COLUMNS, eventSearch } from "./events_model.ts";
import type { Searchable } from "./filter.ts";
import { countText } from "./format.ts";
import { GROUP_COLUMNS, groupLines, groupSearch } from "./groups_model.ts";
import { JOB_COLUMNS, jobLines, jobSearch, TASK_COLUMNS } from "./jobs_model.ts";
import { NODE_COLUMNS, nodeLines, nodeSearch } from "./nodes_model.ts";
import { STORE_COLUMNS, storeLines, storeSearch, storeText } from "./stores_model.ts";
import { type Context, heading, type View } from "./view.ts";

interface ListParts<R> {
  title: string;
  label: string;
  columns: readonly Column<R>[];
  order: string;
  empty: string;
  rows(): R[];
  key(row: R): string;
  search?(row: R): Searchable;
  /** A sentence under the heading. */
  note?(): string;
  controls?: readonly Node[];
}

function listView<R>(context: Context, parts: ListParts<R>): View & { table: DataTable<R> } {
  const { title, rows, note, ...options } = parts;
  const table = new DataTable<R>({
    ...options,
    query: context.query.get("q") ?? "",
    onQuery: (text) => context.keepQuery(text),
  });
  const words = note ? h("p", { class: "note" }) : undefined;
  return {
    title,
    table,
    element: h("div", { class: "view" }, heading(title), words, table.element),
    search: table.search,
    update() {
      table.show(rows());
      const text = note?.();
      if (words && text !== undefined && words.textContent !== text) words.textContent = text;
    },
  };
}

export function nodesView(context: Context): View {
  return listView(context, {
    title: "Nodes",
    label: "nodes",
    columns: NODE_COLUMNS,
    order: "name",
    empty: "No node has joined.",
    rows: () => nodeLines(context.tables, context.now()),
    key: ({ node }) => node.id,
    search: nodeSearch,
  });
}

export function actorsView(context: Context): View {
  return listView(context, {
    title: "Actors",
    label: "actors",
    columns: ACTOR_COLUMNS,
    order: "state",
    empty: "No actor has been made yet.",
    rows: () => actorLines(context.tables, context.now()),
    key: ({ actor }) => actor.id,
    search: actorSearch,
  });
}

export function groupsView(context: Context): View {
  return listView(context, {
    title: "Placement groups",
    label: "groups",
    columns: GROUP_COLUMNS,
    order: "state",
    empty: "No placement group has been asked for.",
    rows: () => groupLines(context.tables, context.now()),
    key: ({ group }) => group.id,
    search: groupSearch,
  });
}

export function jobsView(context: Context): View {
  return listView(context, {
    title: "Jobs",
    label: "jobs",
    columns: JOB_COLUMNS,
    order: "-start",
    empty:
      "No job has run. A driver that calls ray.init() is one, and so is what `ray job submit` starts.",
    rows: () => jobLines(context.tables, context.now()),
    key: ({ job }) => job.id,
    search: jobSearch,
  });
}

export function tasksView(context: Context): View {
  return listView(context, {
    title: "Tasks and calls",
    label: "functions",
    columns: TASK_COLUMNS,
    order: "-running",
    empty: "Nothing has run yet.",
    rows: () => context.tables.rows("tasks"),
    key: ({ kind, name }) => `${kind} ${name}`,
    search: ({ name, kind, error }) => ({ name, kind, error }),
    note: () => {
      const rows = context.tables.rows("tasks");
      const sum = (of: "waiting" | "running" | "finished" | "failed") =>
        countText(rows.reduce((total, row) => total + row[of], 0));
      return `Of the newest that the head remembers: ${sum("waiting")} waiting, ${
        sum("running")
      } running, ${sum("finished")} finished, ${sum("failed")} failed.`;
    },
  });
}

export function objectsView(context: Context): View {
  return listView(context, {
    title: "Objects",
    label: "object stores",
    columns: STORE_COLUMNS,
    order: "-used",
    empty: "No node has said what its object store uses.",
    rows: () => storeLines(context.tables),
    key: ({ node }) => node.id,
    search: storeSearch,
    note: () => storeText(storeLines(context.tables)),
  });
}

export function eventsView(context: Context): View {
  const kinds = h("select", { "aria-label": "Severity", onchange: () => view.update() });
  for (
    const [value, text] of [["", "All severities"], ["warning", "Warnings and errors"], [
      "error",
      "Errors",
    ]] as const
  ) {
    kinds.append(h("option", { value }, text));
  }
  const view = listView(context, {
    title: "Events",
    label: "events",
    columns: EVENT_COLUMNS,
    order: "-at",
    empty: "Nothing has happened yet.",
    rows: () => {
      const now = context.now();
      const wanted = kinds.value;
      return context.tables.rows("events").filter(({ severity }) =>
        wanted === "" || severity === "error" || severity === wanted
      ).map((event) => ({ event, now }));
    },
    key: ({ event }) => String(event.seq),
    search: eventSearch,
    controls: [kinds],
  });
  return view;
}
