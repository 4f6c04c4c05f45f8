import assert from "assert";
import { ancestry, childrenOf, isEnding, parseStat, statOf } from "./proc.ts";
import { endingOf } from "./wait_status.ts";

const STAT = "42 (a) b (c) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 9001 1 1";

Deno.test("a name with blanks and parentheses does not shift the fields", () => {
  assert.deepEqual(parseStat(STAT), {
    pid: 42,
    state: "S",
    ppid: 7,
    flags: 4194304,
    start_ticks: 9001,
  });
  assert.equal(parseStat("garbage"), undefined);
  assert.equal(parseStat("42 (x) S 1"), undefined);
});

Deno.test("ancestors, nearest first, without running in circles", () => {
  const parents = new Map([[9, 5], [5, 3], [3, 3]]);
  const stat = (pid: number) => {
    const ppid = parents.get(pid);
    return ppid === undefined ? undefined : { pid, ppid, state: "S", flags: 0, start_ticks: 0 };
  };
  assert.deepEqual([...ancestry(9, stat)], [9, 5, 3]);
  assert.deepEqual([...ancestry(8, stat)], [8]);
});

Deno.test("a child is listed while it lives, and known to be ending when it does", async () => {
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  assert.ok(childrenOf(Deno.pid).includes(child.pid));
  assert.equal(statOf(child.pid)?.ppid, Deno.pid);
  assert.equal(isEnding(child.pid), false);
  child.kill("SIGKILL");
  await child.status;
  assert.equal(isEnding(child.pid), true);
});

Deno.test("wait statuses", () => {
  assert.deepEqual(endingOf(0), { kind: "exit", code: 0 });
  assert.deepEqual(endingOf(255 << 8), { kind: "exit", code: 255 });
  assert.deepEqual(endingOf(9), { kind: "signal", signal: "SIGKILL", number: 9, core: false });
  assert.deepEqual(endingOf(6 | 0x80), {
    kind: "signal",
    signal: "SIGABRT",
    number: 6,
    core: true,
  });
  assert.equal(endingOf(40).kind, "signal");
});
