import assert from "assert";
import { harmless, painted } from "./terminal.ts";

Deno.test("names can neither move the cursor nor change the title; lines and colours stay", () => {
  assert.equal(harmless("a\x1b]0;title\x07b\x1b[2Jc\rd\x9b31me"), "a?]0;title?b?[2Jc?d?31me");
  const shown = `${painted("state", "red", true)}\tä\n`;
  assert.equal(harmless(shown), shown);
});
