import assert from "assert";
import { join } from "node:path";
import { systemClock } from "../runtime/clock.ts";
import { newAuthority, newKeyPair, openAuthority } from "../wire/authority.ts";
import { NodeTls } from "./node_tls.ts";

Deno.test("roots of somebody else's are believed as they are now", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const [certificate, key, roots] = ["c", "k", "r"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    const keys = await newKeyPair();
    const authority = await openAuthority(await newAuthority());
    const made = await authority.certify(keys.public, { now: Date.now() });
    Deno.writeTextFileSync(certificate, made.certificate);
    Deno.writeTextFileSync(key, keys.private);
    Deno.writeTextFileSync(roots, "first");
    const host = { exchange: () => {}, log: () => {} };
    const files = { certificate, key, roots };
    const tls = await NodeTls.open({ files }, "", host, systemClock());
    assert.deepEqual(tls.trust, { roots: "first", isOurs: false });
    Deno.writeTextFileSync(roots, "second");
    assert.equal(tls.trust.roots, "second");
    Deno.removeSync(roots);
    assert.equal(tls.trust.roots, "second", "while it is exchanged");
    tls.close();
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
