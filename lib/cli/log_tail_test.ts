import assert from "assert";
import { lastLines, whatIsNew } from "./log_tail.ts";

Deno.test("the last lines, and then what is added, also after the file began anew", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "a\nb\nc\n");
    assert.deepEqual(lastLines(path, 2), { text: "b\nc", end: 6 });
    assert.equal(lastLines(path, 0).text, "");
    assert.deepEqual(whatIsNew(path, 6), { text: "", end: 6 });
    Deno.writeTextFileSync(path, "dé\n", { append: true });
    assert.deepEqual(whatIsNew(path, 6), { text: "dé\n", end: 10 });
    Deno.writeTextFileSync(path, "x\n");
    assert.deepEqual(whatIsNew(path, 10), { text: "x\n", end: 2 });
  } finally {
    Deno.removeSync(path);
  }
  assert.deepEqual(whatIsNew(path, 10), { text: "", end: 0 });
});
