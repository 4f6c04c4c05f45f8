import assert from "assert";
import { table } from "./output.ts";

Deno.test("tables align numbers to the right and leave no blanks at the end", () => {
  const rows = [["a", "1", "10.0.0.1", ""], ["bcd", "20", "10.0.0.20", "x"], ["e", "", "-", ""]];
  assert.deepEqual(table(["NAME", "N", "IP", "LAST"], rows).split("\n"), [
    "NAME   N  IP         LAST",
    "a      1  10.0.0.1",
    "bcd   20  10.0.0.20  x",
    "e         -",
  ]);
  assert.equal(table(["A"], []), "A");
});
