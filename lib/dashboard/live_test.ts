import assert from "assert";
import { fakePage } from "./_fake_page.ts";
import { Board } from "./board.ts";
import { liveBoard } from "./live.ts";

/** Events as a browser reads them, one at a time. */
async function* events(answer: Response) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of answer.body!) {
    text += decoder.decode(bytes, { stream: true });
    for (let at = text.indexOf("\n\n"); at >= 0; at = text.indexOf("\n\n")) {
      const fields = text.slice(0, at).split("\n").map((line) => line.split(/: (.*)/));
      text = text.slice(at + 2);
      yield Object.fromEntries(fields) as Record<string, string>;
    }
  }
}

function setUp() {
  const board = new Board();
  board.update("nodes", [["a", 1], ["b", 1]]);
  const waiting = new Set<() => void>();
  const page = fakePage({
    board,
    changed: (version, signal) =>
      new Promise((resolve) => {
        if (board.version !== version) return resolve();
        waiting.add(resolve);
        signal.addEventListener("abort", () => resolve());
      }),
  });
  const change = (rows: [string, number][]) => {
    board.update("nodes", rows);
    for (const done of waiting) done();
    waiting.clear();
  };
  const read = (headers: Record<string, string> = {}, path = "/api/events", isGood = () => true) =>
    events(liveBoard(page, new Request(`http://localhost${path}`, { headers }), isGood));
  return { change, read };
}

Deno.test("a reader gets everything, then what changes; one that comes back goes on where it was", async () => {
  const { change, read } = setUp();
  const reader = read();
  assert.deepEqual((await reader.next()).value, { retry: "1000" });
  const first = (await reader.next()).value!;
  assert.equal(JSON.parse(first["data"]!).whole, true);
  change([["a", 2], ["b", 1]]);
  const second = (await reader.next()).value!;
  assert.deepEqual(JSON.parse(second["data"]!).set, { nodes: [["a", 2]] });
  await reader.return();
  change([["a", 3], ["b", 1]]);
  for (
    const again of [
      read({ "last-event-id": second["id"]! }),
      read({}, `/api/events?since=${second["id"]}`),
    ]
  ) {
    await again.next();
    const { whole, set } = JSON.parse((await again.next()).value!["data"]!);
    assert.deepEqual([whole, set], [false, { nodes: [["a", 3]] }]);
    await again.return();
  }
  const other = read({ "last-event-id": "another.1" });
  await other.next();
  assert.equal(JSON.parse((await other.next()).value!["data"]!).whole, true);
  await other.return();
});

Deno.test("a slow reader skips what it has missed, and nothing is kept for it", async () => {
  const { change, read } = setUp();
  const reader = read();
  await reader.next();
  await reader.next();
  for (let at = 0; at < 50; at++) change([["a", at]]);
  const { set, gone } = JSON.parse((await reader.next()).value!["data"]!);
  assert.deepEqual([set, gone], [{ nodes: [["a", 49]] }, { nodes: ["b"] }]);
  await reader.return();
});

Deno.test("a stream ends with the session that it was opened in", async () => {
  const { change, read } = setUp();
  let good = true;
  const reader = read({}, "/api/events", () => good);
  await reader.next();
  await reader.next();
  good = false;
  change([["a", 2]]);
  assert.equal((await reader.next()).value!["event"], "end");
  assert.equal((await reader.next()).done, true);
});
