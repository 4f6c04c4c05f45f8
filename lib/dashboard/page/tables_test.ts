import assert from "assert";
import type { NodeRow } from "../picture.ts";
import { Tables } from "./tables.ts";

const node = (id: string, ip = "10.0.0.1") => ({ id, ip }) as NodeRow;

Deno.test("rows are set, changed and taken away, and the tables that changed are named", () => {
  const tables = new Tables();
  const first = tables.take({
    now: 5000,
    whole: true,
    set: { nodes: [["a", node("a")], ["b", node("b")]] },
    gone: {},
  }, 1000);
  assert.deepEqual([...first], ["nodes"]);
  const second = tables.take({
    now: 6000,
    whole: false,
    set: { nodes: [["a", node("a", "10.0.0.9")]] },
    gone: { nodes: ["b"], actors: ["x"] },
  }, 2000);
  assert.deepEqual([...second].sort(), ["actors", "nodes"]);
  assert.deepEqual(tables.rows("nodes"), [node("a", "10.0.0.9")]);
  assert.equal(tables.get("nodes", "b"), undefined);
});

Deno.test("a whole picture takes the place of what was known, and empties tables that it lacks", () => {
  const tables = new Tables();
  tables.take({ now: 0, whole: true, set: { nodes: [["a", node("a")]] }, gone: {} }, 0);
  const changed = tables.take({ now: 0, whole: true, set: {}, gone: {} }, 0);
  assert.deepEqual([[...changed], tables.rows("nodes")], [["nodes"], []]);
});

Deno.test("times are the head's, however wrong this machine's clock is", () => {
  const tables = new Tables();
  tables.take({ now: 5000, whole: true, set: {}, gone: {} }, 100_000);
  assert.equal(tables.now(100_500), 5500);
  tables.hear(9000, 101_000);
  assert.equal(tables.now(101_000), 9000);
});

Deno.test("of events the newest stay", () => {
  const tables = new Tables();
  for (let at = 0; at < 30; at++) {
    const rows = Array.from({ length: 50 }, (_, one): [string, unknown] => {
      const seq = at * 50 + one;
      return [String(seq), { seq }];
    });
    tables.take({ now: 0, whole: at === 0, set: { events: rows }, gone: {} }, 0);
  }
  const kept = tables.rows("events").map(({ seq }) => seq);
  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [1000, 500, 1499]);
});
