import assert from "assert";
import { join } from "node:path";
import * as x509 from "x509";
import { Trouble } from "../runtime/errors.ts";
import {
  type Certificate,
  HEAD_NAME,
  nameOf,
  newAuthority,
  newKeyPair,
  openAuthority,
} from "../wire/authority.ts";
import { FakeClock, Folder } from "./_fakes.ts";
import { HeadTls } from "./head_tls.ts";

function namesIn({ certificate }: Pick<Certificate, "certificate">): string[] {
  const names = new x509.X509Certificate(certificate)
    .getExtension(x509.SubjectAlternativeNameExtension)!.names;
  return names.items.map(({ value }) => value);
}

Deno.test("an authority is made once, for this user alone, and stays", async () => {
  using folder = new Folder();
  const path = join(folder.path, "authority.key");
  const first = await HeadTls.open({}, path, new FakeClock());
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  const second = await HeadTls.open({}, path, new FakeClock());
  assert.equal(first.authority!.id, second.authority!.id);
  assert.equal(first.certificate.name, HEAD_NAME);
  assert.notEqual(first.certificate.key, second.certificate.key);
  first.close();
  second.close();
});

Deno.test("a key is certified under its own name, which is never the head's", async () => {
  using folder = new Folder();
  const tls = await HeadTls.open({}, join(folder.path, "key"), new FakeClock());
  const keys = await newKeyPair();
  const made = await tls.certify({ key: keys.public });
  assert.deepEqual(namesIn(made), [nameOf(keys.public)]);
  assert.ok(namesIn(tls.certificate).includes(HEAD_NAME));
  await assert.rejects(tls.certify({ key: new Uint8Array(31) }), { code: "bad_request" });
  tls.close();
});

Deno.test("the head's own certificate is another after two thirds of its time", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  const tls = await HeadTls.open({ lifetime_ms: 90_000 }, join(folder.path, "key"), clock);
  const { promise, resolve } = Promise.withResolvers<Certificate>();
  tls.exchange = resolve;
  const first = tls.certificate;
  clock.pass(59_000);
  assert.equal(tls.certificate, first);
  clock.pass(1000);
  const shown = await promise;
  assert.equal(tls.certificate, shown);
  assert.ok(shown.until > first.until);
  tls.close();
});

Deno.test("certificates go by the clock as it is set, where that is set right after the start too", async () => {
  using folder = new Folder();
  const clock = new FakeClock(67_000_000_000);
  const tls = await HeadTls.open({}, join(folder.path, "key"), clock);
  for (const set of [1_700_000_000_000, -50 * 24 * 3_600_000]) {
    clock.set += set;
    const { promise, resolve } = Promise.withResolvers<Certificate>();
    tls.exchange = resolve;
    clock.pass(60_000);
    const { notBefore, notAfter } = new x509.X509Certificate((await promise).certificate);
    assert.ok(+notBefore < clock.wall() && clock.wall() < +notAfter);
    const made = await tls.certify({ key: (await newKeyPair()).public });
    assert.equal(made.until, clock.wall() + 7 * 24 * 3_600_000);
  }
  tls.close();
});

Deno.test("a file that is no key, or cannot be read, is told with what mends it", async () => {
  using folder = new Folder();
  const path = join(folder.path, "key");
  Deno.writeTextFileSync(path, "no key");
  await assert.rejects(HeadTls.open({}, path, new FakeClock()), (error: Trouble) => {
    assert.match(error.message, /Cannot use the cluster authority's key/);
    assert.match(error.mend!, /Move it away/);
    return true;
  });
  const files = { certificate: join(folder.path, "absent"), key: path, roots: path };
  await assert.rejects(HeadTls.open({ files }, path, new FakeClock()), /absent cannot be read/);
});

Deno.test("a key that was made ahead is used as it is, and must be that of the token's authority", async () => {
  using folder = new Folder();
  const [kept, key] = [join(folder.path, "kept"), join(folder.path, "given")];
  await assert.rejects(HeadTls.open({ key }, kept, new FakeClock()), (error: Trouble) => {
    assert.match(error.message, /Cannot read the cluster authority's key .*given/);
    assert.match(error.mend!, /beam token new/);
    return true;
  });
  const pem = await newAuthority();
  Deno.writeTextFileSync(key, pem);
  const { id } = await openAuthority(pem);
  const tls = await HeadTls.open({ key, authority: id }, kept, new FakeClock());
  assert.equal(tls.authority!.id, id);
  tls.close();
  assert.throws(() => Deno.statSync(kept), Deno.errors.NotFound);
  const other = (await openAuthority(await newAuthority())).id;
  await assert.rejects(HeadTls.open({ key, authority: other }, kept, new FakeClock()), {
    message: /its token names another authority/,
  });
});

Deno.test("files of one's own are shown, and again when they change", async () => {
  using folder = new Folder();
  const clock = new FakeClock();
  const authority = await openAuthority(await newAuthority());
  const files = { certificate: join(folder.path, "c"), key: join(folder.path, "k"), roots: "" };
  const write = async () => {
    const keys = await newKeyPair();
    const { certificate } = await authority.certify(keys.public, { now: Date.now() });
    Deno.writeTextFileSync(files.certificate, certificate);
    Deno.writeTextFileSync(files.key, keys.private);
    return certificate;
  };
  const before = await write();
  const tls = await HeadTls.open({ files }, join(folder.path, "key"), clock);
  const shown: string[] = [];
  tls.exchange = ({ certificate }) => shown.push(certificate);
  assert.deepEqual([tls.certificate.certificate, tls.certificate.name], [before, ""]);
  clock.pass(60_000);
  assert.deepEqual(shown, []);
  const faults: string[] = [];
  tls.fault = (text) => faults.push(text);
  const [, kept] = [await write(), Deno.readTextFileSync(files.key)];
  await write();
  Deno.writeTextFileSync(files.key, kept);
  clock.pass(60_000);
  clock.pass(60_000);
  assert.deepEqual(shown, [], "a certificate whose key has not come yet");
  assert.equal(faults.length, 1);
  assert.match(faults[0]!, /are no certificate and its key .*; the former one is shown/);
  const after = await write();
  clock.pass(60_000);
  assert.deepEqual(shown, [after]);
  await assert.rejects(tls.certify({ key: new Uint8Array(32) }), { code: "tls" });
  tls.close();
});
