/** The text of `ray summary`. */
import { pythonTime } from "./ray_status_text.ts";
import type { Row } from "./ray_rows.ts";
import { plainTable } from "./ray_table.ts";

const RULE = "-".repeat(36);
/** What Ray counts per type of task. */
const TOTALS: Readonly<Record<string, string>> = {
  NORMAL_TASK: "total_tasks",
  ACTOR_TASK: "total_actor_tasks",
  ACTOR_CREATION_TASK: "total_actor_scheduled",
};

/** The summary of rows of `ray list`, for the local time `now`. */
export function summaryText(kind: "tasks" | "actors", rows: readonly Row[], now: Date): string {
  const tasks = kind === "tasks";
  const title = `======== ${tasks ? "Tasks" : "Actors"} Summary: ${pythonTime(now)} ========`;
  const totals = tasks ? taskTotals(rows) : { total_actors: rows.length };
  const table = tasks ? taskTable(rows) : actorTable(rows);
  return [
    "",
    title,
    "Stats:",
    RULE,
    ...Object.keys(totals).sort().map((name) => `${name}: ${totals[name as keyof typeof totals]}`),
    "",
    "",
    `Table (group by ${tasks ? "func_name" : "class"}):`,
    RULE,
    table.length > 0 ? plainTable(table, { numbersLeft: true }) : "",
    "",
  ].join("\n");
}

function taskTotals(rows: readonly Row[]): Record<string, number> {
  const totals = Object.fromEntries(Object.values(TOTALS).map((name) => [name, 0]));
  for (const row of rows) totals[TOTALS[String(row["type"])]!]! += 1;
  return totals;
}

function taskTable(rows: readonly Row[]): Row[] {
  return grouped(rows, (row) => String(row["name"] || row["func_or_class_name"])).map(
    ([name, group]) => ({
      func_or_class_name: name,
      state_counts: counts(group),
      type: group[0]!["type"],
    }),
  );
}

function actorTable(rows: readonly Row[]): Row[] {
  return grouped(rows, (row) => String(row["class_name"])).map(([name, group]) => ({
    class_name: name,
    state_counts: counts(group),
  }));
}

function grouped(rows: readonly Row[], by: (row: Row) => string): [string, Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(by(row), [...groups.get(by(row)) ?? [], row]);
  return [...groups];
}

/** `FINISHED: 3`, a line for each state. */
function counts(rows: readonly Row[]): string {
  const found = grouped(rows, (row) => String(row["state"])).sort(([a], [b]) => a < b ? -1 : 1);
  return found.map(([state, group]) => `${state}: ${group.length}`).join("\n");
}
