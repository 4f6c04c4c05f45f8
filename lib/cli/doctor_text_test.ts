import assert from "assert";
import type { Finding } from "../doctor/check.ts";
import { countsText, explainText, findingsText, joinText } from "./doctor_text.ts";

const PLAIN = { width: Infinity, colour: false };
const one: Finding = {
  code: "BD010",
  check: "shared-memory",
  severity: "error",
  seen: "/dev/shm has 64 MiB.",
  breaks: "vLLM.",
  mend: "Start the container with `docker run --shm-size=16g …`.",
};

Deno.test("a finding says what was seen, what it breaks, what mends it", () => {
  assert.equal(
    findingsText([one], PLAIN),
    [
      "error  BD010  shared-memory",
      "  /dev/shm has 64 MiB.",
      "  breaks  vLLM.",
      "  mend    Start the container with `docker run --shm-size=16g …`.",
    ].join("\n"),
  );
});

Deno.test("the same on several nodes is told once, with their names", () => {
  const text = findingsText([{ ...one, node: "a" }, { ...one, node: "b" }], PLAIN);
  assert.match(text, /^error {2}BD010 {2}shared-memory {2}on a, b$/m);
  assert.equal(text.match(/BD010/g)?.length, 1);
});

Deno.test("on a terminal lines are broken between words, and never inside of a command", () => {
  const text = findingsText([one], { width: 40, colour: false });
  assert.deepEqual(text.split("\n").slice(-2), [
    "  mend    Start the container with",
    "          `docker run --shm-size=16g …`.",
  ]);
});

Deno.test("colours: the severity's, and what is to be typed", () => {
  const text = findingsText([one], { width: 40, colour: true });
  assert.ok(text.includes("\x1b[31merror\x1b[0m"));
  assert.ok(text.includes("\x1b[36m`docker run --shm-size=16g …`\x1b[0m"));
});

Deno.test("counts are said in words", () => {
  const of = (...list: Finding["severity"][]) => list.map((severity) => ({ ...one, severity }));
  assert.equal(countsText(of("error")), "1 error");
  assert.equal(
    countsText(of("error", "warning", "warning", "info")),
    "1 error, 2 warnings and 1 note",
  );
  assert.equal(countsText([]), "");
});

Deno.test("a join's steps, and how it ends", () => {
  const trial = {
    address: "head:6379",
    steps: [{ step: "name" as const, ok: true, text: "head is 10.0.0.1" }],
    findings: [],
    local: "10.0.0.5",
  };
  assert.match(
    joinText(trial, PLAIN),
    /ok {6}name {8}head is 10\.0\.0\.1\nA join of head:6379 works: `beam up/,
  );
  const failed = { ...trial, steps: [{ step: "name" as const, ok: false, text: "no" }] };
  assert.match(joinText(failed, PLAIN), /failed {2}name .*\nA join of head:6379 fails\.$/);
});

Deno.test("one check explained", () => {
  const check = {
    code: "BD010",
    name: "x",
    severity: "error" as const,
    tells: "it is so",
    explain: "Why.",
  };
  assert.equal(explainText(check, PLAIN), "BD010  x\nTold when it is so. At worst: error.\nWhy.");
});
