import assert from "assert";
import { type ClusterEvent, EventLog, KEPT_EVENTS, MOST_EVENTS } from "./event_log.ts";

/** A journal's table in memory. */
class Store {
  readonly rows = new Map<string, unknown>();
  records() {
    return [...this.rows.values()];
  }
  putRecord(_table: string, id: string, row: unknown) {
    this.rows.set(id, row);
  }
}

const clock = { now: () => 1000 };
const happened = (text: string) => ({ kind: "node.joined", severity: "info", text } as const);
const texts = (events: ClusterEvent[]) => events.map(({ text }) => text);

Deno.test("events are numbered, and read after a number or from the newest back", () => {
  const log = new EventLog(new Store(), clock);
  const seqs = ["a", "b", "c", "d"].map((text) => log.add(happened(text)).seq);
  assert.deepEqual(seqs, [1, 2, 3, 4]);
  assert.deepEqual(texts(log.since(0)), ["a", "b", "c", "d"]);
  assert.deepEqual(texts(log.since(2)), ["c", "d"]);
  assert.deepEqual(texts(log.since(1, 2)), ["b", "c"]);
  assert.deepEqual(log.since(4), []);
  assert.deepEqual(texts(log.newest(2)), ["c", "d"]);
  assert.deepEqual(log.newest(0), []);
  assert.equal(log.since(0)[0]?.at, 1000);
});

Deno.test("a number of a head whose journal is lost reads from the oldest on", () => {
  const log = new EventLog(new Store(), clock);
  log.add(happened("a"));
  assert.deepEqual(texts(log.since(500)), ["a"]);
});

Deno.test("who watches hears of every event until it stops", () => {
  const log = new EventLog(new Store(), clock);
  const heard: string[] = [];
  const stop = log.watch(({ text }) => heard.push(text));
  log.add(happened("a"));
  stop();
  log.add(happened("b"));
  assert.deepEqual(heard, ["a"]);
});

Deno.test("the memory and what is kept are bounded, and numbers never come twice", () => {
  const store = new Store();
  const log = new EventLog(store, clock);
  for (let count = 0; count < MOST_EVENTS * 1.2; count++) log.add(happened(`${count}`));
  assert.equal(log.since(0).length, MOST_EVENTS);
  assert.equal(log.since(0)[0]!.seq, log.last - MOST_EVENTS + 1);
  assert.equal(store.rows.size, KEPT_EVENTS);
  const next = new EventLog(store, clock);
  assert.deepEqual(next.since(0), log.newest(KEPT_EVENTS));
  assert.ok(next.add(happened("new")).seq > log.last);
  assert.deepEqual(texts(next.since(log.last)), ["new"]);
});
