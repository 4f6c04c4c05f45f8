import assert from "node:assert/strict";
import { summaryText } from "./ray_summary_text.ts";

const NOW = new Date(2026, 0, 1);
const task = (name: string, state: string, type = "NORMAL_TASK") => ({
  name,
  func_or_class_name: "f",
  state,
  type,
});

Deno.test("tasks are counted by name and state, as Ray prints them", () => {
  const rows = [
    task("f", "FINISHED"),
    task("f", "FAILED"),
    task("A.m", "FINISHED", "ACTOR_TASK"),
    task("f", "FINISHED"),
  ];
  assert.deepEqual(summaryText("tasks", rows, NOW).split("\n"), [
    "",
    "======== Tasks Summary: 2026-01-01 00:00:00.000000 ========",
    "Stats:",
    "------------------------------------",
    "total_actor_scheduled: 0",
    "total_actor_tasks: 1",
    "total_tasks: 3",
    "",
    "",
    "Table (group by func_name):",
    "------------------------------------",
    "    FUNC_OR_CLASS_NAME    STATE_COUNTS    TYPE",
    "0   f                     FAILED: 1       NORMAL_TASK",
    "                          FINISHED: 2",
    "1   A.m                   FINISHED: 1     ACTOR_TASK",
    "",
  ]);
});

Deno.test("actors are counted by class", () => {
  const rows = [{ class_name: "A", state: "DEAD" }, { class_name: "A", state: "ALIVE" }];
  const lines = summaryText("actors", rows, NOW).split("\n");
  assert.equal(lines[4], "total_actors: 2");
  assert.deepEqual(lines.slice(-4), [
    "    CLASS_NAME    STATE_COUNTS",
    "0   A             ALIVE: 1",
    "                  DEAD: 1",
    "",
  ]);
});
