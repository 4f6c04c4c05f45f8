import assert from "assert";
import { Refusals } from "./refusals.ts";

Deno.test("who is refused again and again is told of once a minute", () => {
  let now = 0;
  const lines: string[] = [];
  const log = { write: (_: string, text: string) => void lines.push(text) };
  const refusals = new Refusals({ log, clock: { now: () => now } });
  for (; now < 150_000; now += 1000) {
    refusals.tell("10.0.0.2", new Error("another cluster"));
    refusals.tell("10.0.0.3", new Error("another cluster"));
  }
  assert.equal(lines.filter((line) => line === "refused 10.0.0.2: another cluster").length, 3);
  assert.equal(lines.length, 6);
});
