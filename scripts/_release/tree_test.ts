import assert from "assert";
import { file, folder, link, wholeTree } from "./tree.ts";

Deno.test("folders come before what is in them, whatever the order given", () => {
  const entries = [file("b/c/d", "x"), link("b/a", "c/d"), folder("tmp", 0o1777), file("B", "y")];
  assert.deepEqual(wholeTree(entries).map(({ path }) => path), [
    "B",
    "b",
    "b/a",
    "b/c",
    "b/c/d",
    "tmp",
  ]);
  assert.deepEqual(wholeTree(entries), wholeTree(entries.toReversed()));
});

Deno.test("a folder keeps the rights that it was given", () => {
  const [tmp] = wholeTree([file("tmp/x", ""), folder("tmp", 0o1777)]);
  assert.deepEqual(tmp, folder("tmp", 0o1777));
});

Deno.test("two files of one path are a mistake", () => {
  assert.throws(() => wholeTree([file("a", "1"), file("a", "2")]), /Cannot pack a: /);
  assert.throws(() => wholeTree([file("a", "1"), link("a", "b")]), /Cannot pack a: /);
});
