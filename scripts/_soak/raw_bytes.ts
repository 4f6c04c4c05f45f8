/**
 * Strangers' bytes at every port of a real cluster, without TLS and with it: broken requests, half handshakes.
 *
 * All processes live, their files and memory are bounded, and right clients are served. `--count N` connections.
 */
import { Place } from "../../tests/e2e/harness/place.ts";
import { rawBytes } from "../../tests/e2e/harness/raw_bytes.ts";
import { countOf } from "./_flags.ts";

const place = new Place();
const figures: string[] = [];
const sessions = Math.ceil(countOf(40_000) / 2);
const seed = Date.now() % 2 ** 31;
console.error(`seed ${seed}`);
try {
  figures.push(await rawBytes(place, { seed, sessions }));
  figures.push(`with TLS ${await rawBytes(place, { seed, sessions, flags: ["--tls"] })}`);
} finally {
  await place.close();
}
console.log(figures.join("; "));
