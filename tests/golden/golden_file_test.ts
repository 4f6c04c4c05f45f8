import assert from "assert";
import { formatCase, matches, parseGolden } from "./golden_file.ts";

Deno.test("cases are read and written alike", () => {
  const lines = ["$ beam up", "| one", "|", "! two", "= 2"];
  const [only, ...more] = parseGolden(["Prose.", "", ...lines, "more prose"].join("\n"));
  assert.deepEqual(more, []);
  assert.deepEqual(only, {
    command: "beam up",
    stdout: ["one", ""],
    stderr: ["two"],
    code: 2,
    from: 2,
    to: 7,
  });
  assert.deepEqual(formatCase(only!.command, only!), lines);
});

Deno.test("a case that is cut off is an error, not a case that passes", () => {
  assert.throws(() => parseGolden("$ beam up\n| one\n"), /line 3|no exit code/);
  assert.throws(() => parseGolden("$ a\n$ b\n= 0"), /no exit code/);
  assert.throws(() => parseGolden("$ a\nprose\n= 0"), /line 2/);
});

Deno.test("wildcards stand for text in a line, or for lines", () => {
  assert.ok(matches(["a [*] c"], ["a b c"]));
  assert.ok(!matches(["a [*] c"], ["a b", "c"]));
  assert.ok(matches(["a", "[**]", "z"], ["a", "b", "c", "z"]));
  assert.ok(matches(["a", "[**]"], ["a"]));
  assert.ok(!matches([], ["a"]));
  assert.ok(!matches(["a"], ["a", "b"]));
  assert.ok(!matches(["a.c"], ["abc"]));
});
