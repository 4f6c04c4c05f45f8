import assert from "assert";
import {
  type DeathFacts,
  deathReport,
  firstTraceback,
  stderrTail,
  TAIL_BYTES,
  TAIL_LINES,
} from "./death_report.ts";

function report(facts: Partial<DeathFacts>) {
  return deathReport({
    node_id: "n",
    node_ip: "10.0.0.2",
    pid: 7,
    devices: [],
    now: 5000,
    started_at: 2000,
    stderr: "",
    unready: false,
    ...facts,
  });
}

Deno.test("an exit code, with where and how long", () => {
  const made = report({ status: 3 << 8, devices: ["1"] });
  assert.equal(made.message, "The worker process (pid 7 on 10.0.0.2) exited with code 3.");
  assert.deepEqual(
    [made.kind, made.exit_code, made.uptime_ms, made.devices, made.at],
    ["exit", 3, 3000, ["1"], 5000],
  );
});

Deno.test("a signal nobody here sent is named", () => {
  const made = report({ status: 9, stderr: "one\ntwo\n" });
  assert.equal(made.kind, "signal");
  assert.equal(made.signal, "SIGKILL");
  assert.match(made.message, /was ended by SIGKILL: somebody or something/);
  assert.deepEqual(made.stderr_tail, ["one", "two"]);
  assert.equal(report({ status: 11 | 0x80 }).signal, "SIGSEGV");
});

Deno.test("lack of memory is told where the kernel's count or log says so", () => {
  const counted = report({ status: 9, oom: true });
  assert.match(counted.message, /the kernel killed it for lack of memory/);
  const logged = report({ status: 9, kernel: ["Out of memory: Killed process 7 (python)"] });
  assert.match(logged.message, /for lack of memory/);
  assert.deepEqual(logged.stderr_tail, ["kernel: Out of memory: Killed process 7 (python)"]);
  // Another process's end is not this one's.
  assert.match(report({ status: 11, oom: true }).message, /SIGSEGV: native code/);
});

Deno.test("what was asked for keeps its words, with what is known besides", () => {
  const made = report({
    status: 9,
    asked: { kind: "killed", message: "ray.kill", caused_by: "x" },
  });
  assert.deepEqual([made.kind, made.message, made.signal, made.caused_by], [
    "killed",
    "ray.kill",
    "SIGKILL",
    "x",
  ]);
});

Deno.test("a process that ends before its hello is a failed start", () => {
  const made = report({ unready: true, status: 1 << 8, stderr: "No module named 'ray'" });
  assert.equal(made.kind, "start");
  assert.match(made.message, /exited with code 1 before it was ready/);
});

Deno.test("what it said itself comes first", () => {
  const init = report({ status: 1 << 8, said: { kind: "init", message: "boo", traceback: "tb" } });
  assert.deepEqual([init.kind, init.message, init.traceback], ["init", "boo", "tb"]);
  assert.equal(report({ status: 0, said: { kind: "exit", message: "done" } }).kind, "exit");
  const start = report({ said: { kind: "start", message: "no", mend: "do" } });
  assert.deepEqual([start.kind, start.mend], ["start", "do"]);
});

Deno.test("the tail is bounded in lines and bytes, and keeps a progress bar's last state", () => {
  const many = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
  assert.equal(stderrTail(many).length, TAIL_LINES);
  assert.equal(stderrTail(many).at(-1), "line 99");
  const long = Array.from({ length: 30 }, () => "x".repeat(1000)).join("\n");
  assert.ok(stderrTail(long).join("\n").length <= TAIL_BYTES);
  assert.deepEqual(stderrTail("1%\r50%\r100%\n"), ["100%"]);
  assert.deepEqual(stderrTail(""), []);
});

Deno.test("the first traceback, whole, cut in its middle where it is long", () => {
  const first = "Traceback (most recent call last):\n  File a\n    x\nValueError: one";
  assert.equal(firstTraceback(`noise\n${first}\nmore\n${first.replace("one", "two")}`), first);
  assert.equal(firstTraceback("nothing"), undefined);
  const frames = Array.from({ length: 200 }, (_, i) => `  File f${i}`).join("\n");
  const long = firstTraceback(`Traceback (most recent call last):\n${frames}\nE: x`)!.split("\n");
  assert.equal(long.length, 61);
  assert.equal(long.at(-1), "E: x");
});

Deno.test("who lost another says so by its last words, and only where those ended it", () => {
  const gloo = "RuntimeError: [../third_party/gloo/gloo/transport/tcp/pair.cc:534] " +
    "Connection closed by peer [127.0.0.1]:30411";
  assert.equal(report({ status: 1 << 8, stderr: gloo }).peer_lost, true);
  assert.equal(report({ status: 6, stderr: gloo }).peer_lost, true);
  assert.equal(report({ status: 9, stderr: gloo }).peer_lost, undefined);
  assert.equal(
    report({ status: 1 << 8, stderr: gloo + "\n" + "x".repeat(20_000) }).peer_lost,
    undefined,
  );
  const said = { kind: "init", message: gloo };
  assert.equal(report({ status: 1 << 8, said }).peer_lost, true);
  assert.equal(
    report({ status: 9, asked: { kind: "killed", message: gloo } }).peer_lost,
    undefined,
  );
});

Deno.test("what an exception says in megabytes is shortened", () => {
  const text = `ValueError: ${"x".repeat(5_000_000)} the end`;
  const { message, traceback } = report({ said: { kind: "init", message: text, traceback: text } });
  for (const shown of [message, traceback!]) {
    assert.ok(shown.length < 40_000);
    assert.match(shown, /ValueError: x+ … \d+ characters left out … x+ the end/);
  }
});
