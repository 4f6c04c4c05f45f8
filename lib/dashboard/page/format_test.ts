import assert from "assert";
import {
  amountsText,
  amountText,
  bytesText,
  countOf,
  countText,
  durationText,
  shareOf,
  shareText,
  timeText,
} from "./format.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

Deno.test("sizes have the unit that keeps them short", () => {
  assert.deepEqual(
    [0, 1023, 1024, 1.5 * 2 ** 20, 99.94 * 2 ** 30, 100 * 2 ** 30, 1023.9 * 2 ** 30].map(bytesText),
    ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "99.9 GiB", "100 GiB", "1.0 TiB"],
  );
  assert.equal(shareText(23.4 * 2 ** 30, 80 * 2 ** 30), "23.4 / 80.0 GiB");
  assert.equal(shareText(8 * 2 ** 20, 6.8 * 2 ** 30), "8.0 MiB / 6.8 GiB");
  assert.equal(shareText(0, 2 ** 30), "0.0 / 1.0 GiB");
});

Deno.test("durations have two units at most", () => {
  assert.deepEqual(
    [0, 0.3, 12, 59_999, 61_000, HOUR, 3 * HOUR + 20 * 60_000, 24 * HOUR, 52 * HOUR, -5]
      .map(durationText),
    ["0 s", "< 1 ms", "12 ms", "59 s", "1 min", "1 h", "3 h 20 min", "1 d", "2 d 4 h", "0 s"],
  );
});

Deno.test("counts and amounts are read at a glance", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(countText), ["0", "999", "1,000", "1,234,567"]);
  assert.deepEqual([0.25, 16384, 1000.5].map(amountText), ["0.25", "16,384", "1,000.5"]);
  assert.deepEqual([countOf(1, "node"), countOf(2, "node")], ["1 node", "2 nodes"]);
  assert.equal(
    amountsText({ CPU: 2, GPU: 0, memory: 2 ** 30, "node:10.0.0.1": 1, CPU_group_0_ab: 1 }),
    "CPU 2 · memory 1.0 GiB",
  );
});

Deno.test("a share is between nothing and all, and none of nothing", () => {
  assert.deepEqual(
    [shareOf(1, 4), shareOf(9, 4), shareOf(-1, 4), shareOf(1, 0), shareOf(undefined, 4)],
    [0.25, 1, 0, undefined, undefined],
  );
});

Deno.test("a time of another day has its day", () => {
  const now = new Date(2026, 10, 21, 14, 3, 9).getTime();
  assert.equal(timeText(now, now), "14:03:09");
  assert.equal(timeText(now - 24 * HOUR, now), "2026-11-20 14:03:09");
});
