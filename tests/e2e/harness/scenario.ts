/**
 * Tests of one theme share a place and its clusters, since starting them is most of the cost. What
 * Deno's own leak detection would see across tests is checked once, at the end of the place.
 */
import { Place } from "./place.ts";

/** Registers the tests of a file. */
export interface Theme {
  place: Place;
  test(name: string, run: () => Promise<void>): void;
}

/**
 * Begins a theme: `prepare` runs before its first test; after its last one everything is ended and
 * nothing may be left.
 */
export function theme(
  name: string,
  prepare: (place: Place) => Promise<void> = async () => {},
): Theme {
  const place = new Place();
  const options = { sanitizeOps: false, sanitizeResources: false } as const;
  let prepared: Promise<void> | undefined;
  Deno.test.afterAll(() => place.close());
  return {
    place,
    test(what, run) {
      Deno.test({
        name: `${name}: ${what}`,
        ...options,
        fn: async () => {
          await (prepared ??= prepare(place));
          await run();
        },
      });
    },
  };
}
