/**
 * Calls from a driver to one actor of the same machine, numbered and checked.
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
  ({ figures } = await manyCalls({
    from: head,
    to: head,
    count: countOf(1_000_000),
    tell: console.error,
  }));
} finally {
  await place.close();
}
console.log(figures);
