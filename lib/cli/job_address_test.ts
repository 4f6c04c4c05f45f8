import assert from "assert";
import { join } from "node:path";
import type { DaemonRecord } from "../runtime/records.ts";
import { tokenFor, urlOf } from "./job_address.ts";

const head = {
  node_ip: "10.0.0.1",
  aliases: ["192.168.0.1"],
  head_address: "10.0.0.1:6379",
  head_aliases: [],
  is_head: true,
  dashboard: "127.0.0.1:8265",
} as unknown as DaemonRecord;

Deno.test("an address is a URL, the cluster's, the server's without its scheme, or this machine's", () => {
  assert.equal(urlOf("http://h:1/", [head]), "http://h:1");
  assert.equal(urlOf("https://h/sub", []), "https://h/sub");
  assert.equal(urlOf("10.0.0.1:6379", [head]), "http://127.0.0.1:8265");
  assert.equal(urlOf("127.0.0.1:6379", [head]), "http://127.0.0.1:8265");
  assert.equal(urlOf("h:8265", [head]), "http://h:8265");
  assert.equal(urlOf("auto", [head]), "http://127.0.0.1:8265");
  assert.equal(urlOf(undefined, [{ ...head, dashboard: "127.0.0.1:9" }]), "http://127.0.0.1:9");
  assert.equal(urlOf(undefined, []), "http://localhost:8265");
  assert.equal(urlOf("local", []), "http://localhost:8265");
  assert.throws(() => urlOf("ray://h:10001", []), /no Ray Client/);
  for (const wrong of ["http://", ":::", "::1:8265", "a b", "ftp://h"]) {
    assert.throws(
      () => urlOf(wrong, []),
      /Cannot use the address .*: it must be HOST:PORT or a URL/,
    );
  }
});

Deno.test("the kept token goes to this user's own server only, a given one where it was given for", () => {
  const runtime_dir = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(join(runtime_dir, "dashboard_token"), "kept\n");
    const records = [{ ...head, runtime_dir }];
    const none = () => undefined;
    assert.equal(tokenFor("http://127.0.0.1:8265", records, none), "kept");
    assert.equal(tokenFor("http://localhost:8265", records, none), "kept");
    assert.equal(tokenFor("http://192.168.0.1:8265", records, none), "kept");
    assert.equal(tokenFor("http://127.0.0.1:8266", records, none), undefined);
    assert.equal(tokenFor("http://evil.example:8265", records, none), undefined);
    assert.equal(tokenFor("http://127.0.0.1:8265", [], none), undefined);
    const given = (name: string) => name === "RAY_AUTH_TOKEN" ? "given" : undefined;
    assert.equal(tokenFor("http://elsewhere:8265", records, given), "given");
    // A loopback port is whose program is there first.
    const other = () => 65534;
    for (const env of [none, given]) {
      const asked = () => tokenFor("http://localhost:8265", records, env, other);
      assert.throws(asked, /a program of user 65534 listens at that port/);
    }
    assert.equal(tokenFor("http://elsewhere:8265", records, given, other), "given");
  } finally {
    Deno.removeSync(runtime_dir, { recursive: true });
  }
});
