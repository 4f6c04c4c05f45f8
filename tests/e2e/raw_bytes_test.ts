/** Bytes of strangers at every port of a real cluster. Longer: `scripts/soak raw_bytes`. */
import { rawBytes } from "./harness/raw_bytes.ts";
import { theme } from "./harness/scenario.ts";

const SESSIONS = 900;

const { place, test } = theme("raw bytes");

test("end their own connection only", async () => {
  await rawBytes(place, { seed: 1, sessions: SESSIONS });
});

test("end their own connection only, with TLS", async () => {
  await rawBytes(place, { seed: 2, sessions: SESSIONS, flags: ["--tls"] });
});
