/** A cluster with TLS whose token was made before its head, as where it is rolled out by a Secret. */
import assert from "assert";
import { join } from "node:path";
import { instancePaths } from "../../lib/runtime/paths.ts";
import { readRecord } from "../../lib/runtime/records.ts";
import { freePort } from "./harness/ports.ts";
import { theme } from "./harness/scenario.ts";

let secret: string;
let other: string;
const { place, test } = theme("tls ahead", async (place) => {
  [secret, other] = [join(place.dir, "secret"), join(place.dir, "other")];
  for (const dir of [secret, other]) {
    const made = await place.cli(["token", "new", dir]);
    assert.equal(made.code, 0, made.stderr);
  }
});

/** What all pods have, the head's or not. */
function variables(dir = secret) {
  return { BEAM_TOKEN_FILE: join(dir, "token"), BEAM_TLS_AUTHORITY: join(dir, "authority.key") };
}

test("a node that is started first joins the head that comes later, over TLS", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const flags = ["--join-timeout", "60"];
  const joining = place.node({ ip: "127.0.0.2", flags }).up(["--join", address], variables());
  const head = await place.node().up(["--head", "--port", address.split(":")[1]!], variables());
  const node = await joining;
  assert.equal(head.record.token, Deno.readTextFileSync(join(secret, "token")).trim());
  const driver = head.driver("paths.py", [node.ip]);
  assert.equal((await driver.said()).right, true);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
  assert.throws(() => Deno.statSync(join(head.dir, "authority.key")), Deno.errors.NotFound);
  await node.down();
  await head.down();
  const again = await place.node({ dir: join(place.dir, "elsewhere") }).up(
    ["--head", "--port", "0"],
    variables(),
  );
  assert.equal(again.record.token, head.record.token, "a head without a memory is known as well");
  await again.down();
});

test("a head is not started with another's key, and says what mends it", async () => {
  const mixed = { ...variables(), BEAM_TLS_AUTHORITY: join(other, "authority.key") };
  const refused = await place.node().cli(["up", "--head", "--port", "0"], mixed);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /its token names another authority/);
  assert.match(refused.stderr, /Give the key that was made with the token by --tls-authority/);
});

test("ray start takes both by the same variables", async () => {
  const head = place.node();
  const started = await head.cli(
    ["ray", "start", "--head", "--port=0", "--num-cpus=1", "--num-gpus=0"],
    variables(),
  );
  assert.equal(started.code, 0, started.stderr);
  const env = (name: string) => place.env()[name];
  head.record = readRecord(instancePaths(head.dir, env).record)!;
  const text = Deno.readTextFileSync(join(secret, "token")).trim();
  assert.equal(head.record.authority, text.split("~")[1]);
  await head.down();
});
