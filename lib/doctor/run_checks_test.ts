import assert from "assert";
import { type Check, type Finding, finding, isAtLeast, sorted } from "./check.ts";
import { runChecks } from "./run_checks.ts";
import { bare, healthy } from "./testdata/made_facts.ts";

const TEXTS = { seen: "It is so.", breaks: "This.", mend: "Do that." };

function check(code: string, run: Check["run"]): Check {
  return { code, name: code.toLowerCase(), severity: "error", tells: "", explain: "", run };
}

Deno.test("a check that throws or takes too long is told, and the others go on", async () => {
  let stopped: AbortSignal | undefined;
  const checks = [
    check("BD011", () => {
      throw new Error("the file is a folder.\nand more");
    }),
    check("BD012", (_, signal) => {
      stopped = signal;
      return new Promise(() => {});
    }),
    check("BD013", () => [finding({ code: "BD013", name: "x" }, "error", TEXTS)]),
    check("BD014", () => Promise.reject(new Error("no"))),
  ];
  const found = await runChecks(checks, bare(), { deadline: 20 });
  assert.deepEqual(found.map(({ code, severity }) => [code, severity]), [
    ["BD013", "error"],
    ["BD001", "warning"],
    ["BD001", "warning"],
    ["BD001", "warning"],
  ]);
  const seen = found.map(({ seen }) => seen);
  assert.ok(
    seen.includes("The check BD011 (bd011) failed: the file is a folder."),
    seen.join("\n"),
  );
  assert.ok(seen.some((one) => /BD012.*no answer within 0\.02 s/.test(one)));
  assert.equal(stopped?.aborted, true, "it is told to stop");
});

Deno.test("parts of the facts that could not be read are told", async () => {
  const facts = { ...healthy(), unread: [{ part: "the GPUs", why: "it took too long" }] };
  const [one] = await runChecks([], facts);
  assert.match(one!.seen, /Reading the GPUs failed: it took too long/);
  assert.deepEqual([one!.node, one!.node_id], ["gpu-1", "c0ffee"]);
});

Deno.test("the asker can give up", async () => {
  const ending = new AbortController();
  const running = runChecks([check("BD012", () => new Promise(() => {}))], bare(), {
    signal: ending.signal,
  });
  ending.abort(new Error("nobody asks any more"));
  assert.match((await running)[0]!.seen, /nobody asks any more/);
});

Deno.test("what others may name writes nothing on a terminal", () => {
  const seen = "process 7 (\x1b]0;mine\x07evil\nerror  BD999)";
  const one = finding({ code: "BD018", name: "x" }, "warning", { ...TEXTS, seen });
  assert.equal(one.seen, "process 7 (?]0;mine?evil?error  BD999)");
});

Deno.test("the worst come first, of one kind by code, and the same only once", () => {
  const one = (code: string, severity: Finding["severity"], node = "a"): Finding => ({
    ...TEXTS,
    code,
    check: "x",
    severity,
    node,
  });
  const list = [
    one("BD002", "info"),
    one("BD009", "error"),
    one("BD003", "error", "b"),
    one("BD003", "error"),
  ];
  assert.deepEqual(sorted([...list, ...list]).map(({ code, node }) => `${code} ${node}`), [
    "BD003 a",
    "BD003 b",
    "BD009 a",
    "BD002 a",
  ]);
  assert.ok(
    isAtLeast("error", "warning") && isAtLeast("info", "info") && !isAtLeast("info", "warning"),
  );
});
