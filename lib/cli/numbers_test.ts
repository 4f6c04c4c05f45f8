import assert from "assert";
import { UsageError } from "./command.ts";
import {
  byteCount,
  hostAndPort,
  labelMap,
  localPort,
  logBytes,
  portNumber,
  resourceMap,
  seconds,
  wholeNumber,
} from "./numbers.ts";

function refuses(read: (called: string, text: string) => unknown, ...texts: string[]): void {
  for (const text of texts) {
    assert.throws(
      () => read("--x", text),
      (error: unknown) => error instanceof UsageError && error.message.includes("--x"),
      text,
    );
  }
}

Deno.test("counts, ports and seconds", () => {
  assert.equal(wholeNumber("--x", "8"), 8);
  refuses(wholeNumber, "-1", "1.5", "", " ", "many", "1e400");
  assert.equal(portNumber("--x", "0"), 0);
  refuses(portNumber, "65536", "-1", "6379.0", "", "http");
  assert.equal(seconds("--x", "0.25"), 250);
  refuses(seconds, "-1", "soon", "", "Infinity");
});

Deno.test("bytes, with the suffixes people write", () => {
  assert.equal(byteCount("--x", "8000000000"), 8e9);
  assert.equal(byteCount("--x", "7.5GiB"), 7.5 * 2 ** 30);
  assert.equal(byteCount("--x", "2G"), 2e9);
  assert.equal(byteCount("--x", "1e9"), 1e9);
  assert.equal(byteCount("--x", "512 kib"), 512 * 1024);
  refuses(byteCount, "lots", "-1", "", "1XB", "1e300");
});

Deno.test("addresses, with Ray's port where none is given", () => {
  assert.deepEqual(hostAndPort("--x", "10.0.0.1"), { host: "10.0.0.1", port: 6379 });
  assert.deepEqual(hostAndPort("--x", "head.local:80"), { host: "head.local", port: 80 });
  assert.deepEqual(hostAndPort("--x", "[fd00::2]:80"), { host: "fd00::2", port: 80 });
  assert.deepEqual(hostAndPort("--x", "fd00::2"), { host: "fd00::2", port: 6379 });
  refuses(hostAndPort, "", ":80", "a:b", "a:0", "a:65536", "a b", "http://a:80");
});

Deno.test("resources and labels", () => {
  assert.deepEqual(resourceMap("--x", '{"mlx": 1, "a": 0.5}'), { mlx: 1, a: 0.5 });
  refuses(resourceMap, "{", "[1]", "1", '{"a": -1}', '{"a": "1"}', '{"a": null}');
  assert.deepEqual(labelMap("--x", "zone=a, rack=7=b,"), { zone: "a", rack: "7=b" });
  assert.deepEqual(labelMap("--x", '{"zone": "a,b"}'), { zone: "a,b" });
  refuses(labelMap, "zone", "=a", "{", '{"a": 1}');
});

Deno.test("ports of this machine, and room for logs", () => {
  assert.deepEqual(localPort("--x", "52365"), { host: "127.0.0.1", port: 52365 });
  assert.deepEqual(localPort("--x", "0.0.0.0:80"), { host: "0.0.0.0", port: 80 });
  assert.deepEqual(localPort("--x", "[::]:80"), { host: "::", port: 80 });
  refuses(localPort, "", "http", "65536", "host:80", "1.2.3:80", "1.2.3.400:80", "::1:80", "-1");
  assert.equal(logBytes("--x", "1GiB"), 2 ** 30);
  refuses(logBytes, "15MiB", "", "much");
});
