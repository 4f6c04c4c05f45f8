import assert from "assert";
import { listText, plainTable, yamlText } from "./ray_table.ts";

Deno.test("columns as wide as their headings and two more, cells of several lines", () => {
  const rows = [
    { state: "ALIVE", ok: true, pid: 7, resources_total: { CPU: 2, memory: 2 ** 30 } },
    { state: "DEAD", ok: false, pid: 1234567, resources_total: {} },
  ];
  assert.deepEqual(plainTable(rows).split("\n"), [
    "    STATE    OK         PID  RESOURCES_TOTAL",
    " 0  ALIVE    True         7  CPU: 2.0",
    "                             memory: 1.000 GiB",
    " 1  DEAD     False  1234567",
  ]);
});

Deno.test("a list has its total and its table", () => {
  const lines = listText([{ a: "x" }], 5, new Date(2026, 0, 1)).split("\n");
  assert.deepEqual(lines, [
    "",
    "======== List: 2026-01-01 00:00:00.000000 ========",
    "Stats:",
    "------------------------------",
    "Total: 5",
    "",
    "Table:",
    "------------------------------",
    "    A",
    " 0  x",
    "",
  ]);
});

Deno.test("YAML quotes what a reader could take for something else", () => {
  const rows = [{ a: "yes", b: "0e1", c: "plain text", d: null, e: { f: [], g: [1, "x: y"] } }];
  assert.deepEqual(yamlText(rows).split("\n"), [
    "---",
    '-   a: "yes"',
    '    b: "0e1"',
    "    c: plain text",
    "    d: null",
    "    e:",
    "        f: []",
    "        g:",
    "            -   1",
    '            -   "x: y"',
    "...",
  ]);
  assert.equal(yamlText([]), "[]");
});
