import assert from "assert";
import { join } from "node:path";
import { LogFile } from "./log.ts";

function withPath(body: (path: string) => void): void {
  const dir = Deno.makeTempDirSync({ prefix: "log" });
  try {
    body(join(dir, "logs", "some.log"));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const texts = (path: string) =>
  Deno.readTextFileSync(path).trimEnd().split("\n").map((line) =>
    line.split(" ").slice(1).join(" ")
  );

Deno.test("lines have a level, lesser ones are left out, and a later log appends", () => {
  withPath((path) => {
    {
      using log = new LogFile(path);
      log.write("debug", "not this");
      log.write("info", "first");
    }
    {
      using log = new LogFile(path, { level: "WARNING" });
      log.write("info", "nor this");
      log.write("error", "second");
    }
    assert.deepEqual(texts(path), ["INFO first", "ERROR second"]);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  });
});

Deno.test("past its limit a file begins anew, and only the one before it is kept", () => {
  withPath((path) => {
    using log = new LogFile(path, { limit: 80 });
    for (const text of ["one", "two", "three", "four", "five"]) log.write("info", text);
    assert.deepEqual(texts(path), ["INFO five"]);
    assert.deepEqual(texts(`${path}.1`), ["INFO three", "INFO four"]);
    assert.equal([...Deno.readDirSync(join(path, ".."))].length, 2);
  });
});

Deno.test("what was there before counts, and a line past the limit is written whole", () => {
  withPath((path) => {
    new LogFile(path)[Symbol.dispose]();
    Deno.writeTextFileSync(path, "x".repeat(100));
    using log = new LogFile(path, { limit: 80 });
    log.write("info", "y".repeat(200));
    assert.deepEqual(texts(path), [`INFO ${"y".repeat(200)}`]);
    assert.equal(Deno.statSync(`${path}.1`).size, 100);
  });
});

Deno.test("as JSON each line is one object, whatever is in its text", () => {
  withPath((path) => {
    using log = new LogFile(path, { format: "json", process: "head", limit: 300 });
    log.write("warning", 'one\n"two"', { node_id: "ab", peer: "10.0.0.1:5" });
    const { time, ...rest } = JSON.parse(Deno.readTextFileSync(path));
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
    assert.deepEqual(rest, {
      level: "warning",
      process: "head",
      pid: Deno.pid,
      node_id: "ab",
      peer: "10.0.0.1:5",
      msg: 'one\n"two"',
    });
    for (let at = 0; at < 20; at++) log.write("info", "x".repeat(100));
    for (const name of [path, `${path}.1`]) {
      for (const line of Deno.readTextFileSync(name).trimEnd().split("\n")) JSON.parse(line);
    }
  });
});

Deno.test("a file that was taken away is made anew at the next bound", () => {
  withPath((path) => {
    using log = new LogFile(path, { limit: 80 });
    log.write("info", "x".repeat(80));
    Deno.removeSync(path);
    log.write("info", "one");
    log.write("info", "two");
    assert.deepEqual(texts(path), ["INFO one", "INFO two"]);
  });
});
