import assert from "assert";
import { bar, cutLine } from "./screen_text.ts";

Deno.test("a line is cut by what is seen of it, and its colours end with it", () => {
  assert.equal(cutLine("abcdef", 6), "abcdef");
  assert.equal(cutLine("abcdef", 5), "abcd…");
  assert.equal(cutLine("\x1b[31mabc\x1b[0mdef", 6), "\x1b[31mabc\x1b[0mdef");
  assert.equal(cutLine("\x1b[31mabcdef\x1b[0mghi", 4), "\x1b[31mabc…\x1b[0m");
  assert.equal(cutLine("\x1b[1mab\x1b[0mcdefgh", 5), "\x1b[1mab\x1b[0mcd…");
  assert.equal(cutLine("ab\x1b[1mcd\x1b[0m", 3), "ab\x1b[1m…\x1b[0m");
});

Deno.test("a bar is as full as the part, and never beyond", () => {
  assert.equal(bar(0.5, 4), "██░░");
  assert.equal(bar(7, 3), "███");
  assert.equal(bar(-1, 3), "░░░");
});
