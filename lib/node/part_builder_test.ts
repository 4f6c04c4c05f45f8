import assert from "node:assert/strict";
import { RequestFailed } from "../wire/errors.ts";
import { type BuildOptions, buildPart } from "./part_builder.ts";

/** A build by a shell, which ends with its standard input as the real one does. */
function building(script: string, signal = new AbortController().signal) {
  const said: string[] = [];
  const options: BuildOptions = {
    command: ["sh", "-c", script],
    env: { PATH: Deno.env.get("PATH")! },
    cwd: "/",
    order: { kind: "unpack" },
    what: "unpack gcs://a.zip",
    node_ip: "10.0.0.1",
    log: (text) => said.push(text),
    signal,
    pids: new Set(),
  };
  return { options, said };
}

Deno.test("what it is told, it is told by a variable; what it prints is the log", async () => {
  const { options, said } = building('echo "$BEAM_BUILD"; echo "trouble" >&2');
  await buildPart(options);
  assert.deepEqual(said.join("").trim().split("\n").sort(), ["trouble", '{"kind":"unpack"}']);
  assert.equal(options.pids.size, 0);
});

Deno.test("a failure carries the end of the log", async () => {
  const { options } = building("seq 100; echo 'no such package'; exit 3");
  await assert.rejects(buildPart(options), (error: RequestFailed) => {
    assert.equal(error.code, "environment");
    const [first, ...rest] = error.message.split("\n");
    assert.match(first!, /^Cannot unpack gcs:\/\/a\.zip on 10\.0\.0\.1: .* ended with code 3\./);
    assert.equal(rest.length, 50);
    assert.deepEqual(rest.slice(-2), ["100", "no such package"]);
    return true;
  });
});

Deno.test("a command that is not there is told", async () => {
  const { options } = building("");
  options.command = ["no-such-python"];
  await assert.rejects(buildPart(options), /no-such-python is not there/);
});

Deno.test("given up, its input ends, and it is waited for", async () => {
  const cancel = new AbortController();
  const { options, said } = building("echo begun; read line; echo over", cancel.signal);
  options.log = (text) => {
    said.push(text);
    if (text.includes("begun")) cancel.abort(new Error("its driver ended"));
  };
  const built = buildPart(options);
  assert.equal(options.pids.size, 1);
  await assert.rejects(built, /its driver ended/);
  assert.match(said.join(""), /over/);
  assert.equal(options.pids.size, 0);
});

Deno.test("a log that cannot be written does not end the building, nor leave it alone", async () => {
  const { options } = building("seq 3; exit 3");
  options.log = () => {
    throw new Error("No space left on device");
  };
  await assert.rejects(buildPart(options), /ended with code 3\. The end of its log:\n1\n2\n3$/);
  assert.equal(options.pids.size, 0);
});

Deno.test("what it left running with its output open does not keep it from being whole", async () => {
  const { options, said } = building("sleep 60 & echo $! whole");
  await buildPart(options);
  const [pid, word] = said.join("").trim().split(" ");
  assert.equal(word, "whole");
  Deno.kill(Number(pid), "SIGKILL");
});
