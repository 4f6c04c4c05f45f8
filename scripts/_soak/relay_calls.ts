/**
 * Calls to one actor whose node's port is closed, relayed by the head, numbered and checked.
 *
 * Each is carried out once, in order, and answered once; nothing on their way grows. `--count N` calls.
 */
import { manyCalls } from "../../tests/e2e/harness/many_calls.ts";
import { Place } from "../../tests/e2e/harness/place.ts";
import { countOf } from "./_flags.ts";

const place = new Place();
let figures: string;
try {
  const head = await place.head();
  // No connection can be made to a multicast address: what a closed firewall is for others.
  const hidden = await place.join(head, { ip: "224.0.0.9" });
  const calls = await manyCalls({
    from: head,
    to: hidden,
    count: countOf(100_000),
    tell: console.error,
  });
  if (!/relayed by the head/.test(calls.stderr)) throw new Error("The head has relayed nothing");
  figures = calls.figures;
} finally {
  await place.close();
}
console.log(figures);
