import assert from "assert";
import { table } from "./table.ts";

const plain = { width: Infinity, colour: false };

Deno.test("tables align numbers to the right and leave no blanks at the end", () => {
  const rows = [["a", "1", "10.0.0.1", ""], ["bcd", "20", "10.0.0.20", "x"], ["e", "", "-", ""]];
  assert.deepEqual(table(["NAME", "N", "IP", "LAST"], rows, plain).split("\n"), [
    "NAME   N  IP         LAST",
    "a      1  10.0.0.1",
    "bcd   20  10.0.0.20  x",
    "e         -",
  ]);
  assert.equal(table(["A"], [], plain), "A");
});

Deno.test("what is wider than the terminal is cut where it is widest, and the cut shows", () => {
  const rows = [["0a1b2c3d4e5f", "x".repeat(40), "y".repeat(60)]];
  const lines = table(["ID", "WHAT", "WHY"], rows, { width: 60, colour: false }).split("\n");
  assert.deepEqual(lines.map((line) => line.length <= 60), [true, true]);
  assert.match(lines[1]!, /^0a1b2c3d4e5f {2}x+… {2}y+…$/);
  const narrow = table(["ID", "WHAT", "WHY"], rows, { width: 10, colour: false });
  assert.match(narrow.split("\n")[1]!, /^0a1b2c3… {2}xxxxxxx… {2}yyyyyyy…$/);
});

Deno.test("where it is narrow, empty columns go first, and addresses stay whole", () => {
  const rows = [["talker", "10.83.0.12", "", "x".repeat(30)]];
  const text = table(["NAME", "NODE", "GPU", "WHY"], rows, { width: 40, colour: false });
  assert.equal(text.split("\n")[0], "NAME    NODE        WHY");
  assert.match(text.split("\n")[1]!, /^talker {2}10\.83\.0\.12 {2}x+…$/);
  const whole = table(["NAME", "NODE", "GPU", "WHY"], rows, { width: 80, colour: false });
  assert.match(whole, /GPU/);
});

Deno.test("states have colours, which take no room", () => {
  const rows = [["n1", "alive", "1"], ["n2", "dead", "2"]];
  const text = table(["NODE", "STATE", "N"], rows, { width: 80, colour: true });
  assert.deepEqual(text.split("\n"), [
    "\x1b[1mNODE  STATE  N\x1b[0m",
    "n1    \x1b[32malive\x1b[0m  1",
    "n2    \x1b[31mdead\x1b[0m   2",
  ]);
});

Deno.test("what somebody wrote into a name moves no cursor", () => {
  const text = table(["NAME"], [["a\x1b[2Jb\nc"]], plain);
  assert.equal(text, "NAME\na [2Jb c");
});
