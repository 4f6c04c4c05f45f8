import assert from "assert";
import { ConfigError, parseHeadConfig } from "./config.ts";

const good = { listen: { host: "10.0.0.1", port: 6379 }, runtime_dir: "/home/me/.beam" };

Deno.test("a line is read, what it leaves out is absent", () => {
  assert.deepEqual(parseHeadConfig(JSON.stringify(good)), good);
  const full = { ...good, address: "10.0.0.9", token: "t", db: "/d/head.db", log: "/l/head.log" };
  assert.deepEqual(parseHeadConfig(JSON.stringify({ ...full, more: 1 })), full);
  assert.deepEqual(parseHeadConfig(JSON.stringify({ ...good, token: null })), good);
  const dashboard = { host: "127.0.0.1", port: 0, asked: true, any: true, names: ["head.svc"] };
  assert.deepEqual(parseHeadConfig(JSON.stringify({ ...good, dashboard })).dashboard, dashboard);
  const plain = { host: "127.0.0.1", port: 8265 };
  const off = { ...plain, asked: false, any: false };
  assert.deepEqual(parseHeadConfig(JSON.stringify({ ...good, dashboard: off })).dashboard, plain);
});

Deno.test("what is wrong is named", () => {
  const wrong: [string, RegExp][] = [
    ["", /one line of JSON/],
    ["[]", /the line must be a map/],
    [JSON.stringify({ runtime_dir: "/x" }), /`listen` must be a map, got nothing/],
    [JSON.stringify({ ...good, listen: { host: "", port: 1 } }), /`listen.host` must be a text/],
    [JSON.stringify({ ...good, listen: { host: "h", port: 65536 } }), /0 to 65535, got 65536/],
    [JSON.stringify({ ...good, dashboard: { host: "h" } }), /its HTTP port must be a whole number/],
    [JSON.stringify({ ...good, dashboard: { port: 1 } }), /`dashboard.host` must be a text/],
    [JSON.stringify({ ...good, runtime_dir: 7 }), /`runtime_dir` must be a text, got 7/],
  ];
  for (const [line, words] of wrong) {
    assert.throws(() => parseHeadConfig(line), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, words);
      return true;
    });
  }
});
