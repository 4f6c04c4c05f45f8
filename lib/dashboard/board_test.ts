import assert from "assert";
import fc from "fast-check";
import { Board, type BoardMessage } from "./board.ts";

type Tables = Record<string, Record<string, unknown>>;

/** What a reader makes of a message. */
function apply(tables: Tables, { whole, set, gone }: BoardMessage): Tables {
  const next: Tables = whole ? {} : structuredClone(tables);
  for (const [name, keys] of Object.entries(gone)) {
    for (const key of keys) delete next[name]?.[key];
  }
  for (const [name, rows] of Object.entries(set)) {
    for (const [key, row] of rows) (next[name] ??= {})[key] = row;
  }
  return next;
}

Deno.test("only what has changed is sent", () => {
  const board = new Board();
  board.update("nodes", [["a", 1], ["b", 2]]);
  const first = board.since(undefined, 7)!;
  assert.deepEqual(JSON.parse(first.json), {
    now: 7,
    whole: true,
    set: { nodes: [["a", 1], ["b", 2]] },
    gone: {},
  });
  assert.equal(board.since(first.version, 8), undefined);
  assert.equal(board.update("nodes", [["a", 1], ["b", 2]]), false);
  board.update("nodes", [["b", 3]]);
  assert.deepEqual(JSON.parse(board.since(first.version, 9)!.json), {
    now: 9,
    whole: false,
    set: { nodes: [["b", 3]] },
    gone: { nodes: ["a"] },
  });
});

Deno.test("a version of another life, or one that is too old, is answered with everything", () => {
  const board = new Board();
  board.update("nodes", [["a", 1]]);
  assert.equal(board.since(99, 0)!.whole, true);
  const { version } = board.since(undefined, 0)!;
  for (let at = 0; at < 30_000; at++) board.update("nodes", [[`n${at}`, 1]]);
  assert.equal(board.since(version, 0)!.whole, true);
  assert.equal(board.since(board.version - 5, 0)!.whole, false);
});

Deno.test("rows that are added for good are bounded", () => {
  const board = new Board();
  for (let at = 0; at < 20; at++) board.append("events", [[String(at), { at }]], 5);
  const { set } = JSON.parse(board.since(undefined, 0)!.json) as BoardMessage;
  assert.deepEqual(set["events"]!.map(([key]) => key), ["15", "16", "17", "18", "19"]);
});

Deno.test("a reader that skips versions ends where one ends that reads each", () => {
  const rows = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), fc.nat(2), {
    noNullPrototype: true,
  });
  fc.assert(fc.property(fc.array(fc.tuple(rows, fc.boolean()), { maxLength: 20 }), (steps) => {
    const board = new Board();
    let seen: Tables = {};
    let version: number | undefined;
    let last: Record<string, unknown> = {};
    for (const [table, reads] of steps) {
      board.update("t", Object.entries(table));
      last = table;
      const change = reads ? board.since(version, 0) : undefined;
      if (change) {
        seen = apply(seen, JSON.parse(change.json));
        version = change.version;
      }
    }
    const change = board.since(version, 0);
    if (change) seen = apply(seen, JSON.parse(change.json));
    assert.deepEqual(seen["t"] ?? {}, last);
  }));
});
