import assert from "assert";
import { join } from "node:path";
import { CHECK_TEXTS } from "./check_texts.ts";
import { CHECKS } from "./checks.ts";
import { runChecks } from "./run_checks.ts";
import { bare, healthy } from "./testdata/made_facts.ts";

Deno.test("codes and names are one check's alone, in order, and of a node below 50", () => {
  const codes = CHECK_TEXTS.map(({ code }) => code);
  const names = CHECK_TEXTS.map(({ name }) => name);
  assert.deepEqual(codes, [...new Set(codes)].sort());
  assert.deepEqual(names.length, new Set(names).size, `twice: ${names.sort()}`);
  for (const { code } of CHECKS) assert.match(code, /^BD0[0-4]\d$/);
  assert.ok(CHECKS.length >= 22);
});

Deno.test("every check says in sentences when it tells something, and why", () => {
  for (const { code, name, tells, explain } of CHECK_TEXTS) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/, code);
    assert.doesNotMatch(tells, /^[A-Z][a-z]|\.$|\n/, `${code}: a phrase after "told when"`);
    assert.match(explain, /[.`]$/, code);
    assert.ok(explain.length > 60, `${code} explains nothing`);
    assert.doesNotMatch(explain, /\n| {2}/, code);
  }
});

Deno.test("a healthy machine has no finding, with its node and before it", async () => {
  assert.deepEqual(await runChecks(CHECKS, healthy()), []);
  assert.deepEqual(await runChecks(CHECKS, bare()), []);
});

Deno.test("every check is tested to tell and to be quiet", async () => {
  const folder = join(import.meta.dirname!, "checks");
  let text = "";
  for (const { name } of Deno.readDirSync(folder)) {
    if (name.endsWith("_test.ts")) text += await Deno.readTextFile(join(folder, name));
  }
  const isIn = (call: string) => new RegExp(`\\b${call}`).test(text);
  const untested = CHECKS.flatMap(({ code }) => [
    ...isIn(`tells\\(\\s*"${code}"`) ? [] : [`${code}: no test that it tells`],
    ...isIn(`isQuiet\\(\\s*"${code}"`) ? [] : [`${code}: no test that it is quiet`],
  ]);
  assert.deepEqual(untested, []);
});
