/** What the doctor finds of clusters whose tokens and certificates are not as they should be. */
import assert from "assert";
import { ownCertificates } from "../e2e/harness/own_certificates.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { lacking } from "../faults/harness/machines.ts";
import { examine, onlyFinding } from "./harness/examined.ts";
import { Clinic } from "./harness/clinic.ts";

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: what the doctor finds of heads: ${lacks}`);

let clinic: Clinic;
// The last to run: what is registered later runs before.
Deno.test.afterAll(() => clinic?.machines[Symbol.dispose]());
const { place, test } = theme("doctor, heads", async (place) => {
  clinic = new Clinic(place);
  await Promise.resolve();
});

function tried(name: string, run: () => Promise<void>): void {
  if (lacks === undefined) test(name, run);
  else Deno.test({ name: `doctor, heads: ${name}`, ignore: true, fn: run });
}

tried("a cluster that anybody may join", async () => {
  const head = await place.head(clinic.on(1, { flags: ["--open"] }));
  const second = await place.join(head, clinic.on(2));
  const found = onlyFinding(await examine(second), "BD025");
  assert.match(found.seen, /needs no token/);
  assert.match(found.node!, /10\.79\.0\.1 and 10\.79\.0\.2/);
  await second.down();
  await head.down();
});

tried("TLS, join tokens, and what becomes an event", async () => {
  const head = await place.head(clinic.on(1, { flags: ["--tls"] }));
  const second = await place.join(head, clinic.on(2));
  assert.deepEqual((await examine(head)).findings, []);
  clinic.machines.drop(2, "rule", ..."drop but 6380 new from 10.79.0.1".split(" "));
  try {
    for (const node of [head, second]) onlyFinding(await examine(node), "BD055");
  } finally {
    clinic.machines.drop(2, "clear");
  }
  await head.tell("token", "create", "--name", "rack-3", "--ttl", "5m");
  assert.match(onlyFinding(await examine(head), "BD074").seen, /rack-3 ends in/);
  const events: { kind: string; text: string }[] = JSON.parse(await head.tell("events", "--json"));
  const told = events.filter(({ kind, text }) => /^doctor\./.test(kind) && /BD055/.test(text));
  assert.deepEqual(told.map(({ kind }) => kind), ["doctor.found", "doctor.mended"]);
  await second.down();
  await head.down();
});

tried("a certificate near its end", async () => {
  const ips = [clinic.machines.address(1), clinic.machines.address(2)];
  const env = await ownCertificates(place.dir, { ips, ms: 24 * 3_600_000 });
  const head = await place.head(clinic.on(1, { env: { ...env, BEAM_TOKEN: "mine" } }));
  const second = await place.join(head, clinic.on(2, { env }));
  const found = onlyFinding(await examine(second), "BD026");
  assert.match(found.seen, /own\.cert is good until/);
  await second.down();
  await head.down();
});
