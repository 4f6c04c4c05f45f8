/** Thousands of calls through one channel: each answered once, nothing grows. `scripts/soak` makes a million. */
import assert from "assert";
import { manyCalls } from "./harness/many_calls.ts";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { test, place } = theme("many calls", async (place) => {
  head = await place.head();
});

test("10,000 calls on one machine are answered once each", async () => {
  await manyCalls({ from: head, to: head, count: 10_000 });
});

test("2,000 calls that the head relays are answered once each", async () => {
  // No connection can be made to a multicast address: what a closed firewall is for others.
  const hidden = await place.join(head, { ip: "224.0.0.9" });
  const { stderr } = await manyCalls({ from: head, to: hidden, count: 2000 });
  assert.match(stderr, /relayed by the head/);
});
