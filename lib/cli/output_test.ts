import assert from "assert";
import { writeAll } from "./output.ts";

Deno.test("a pipe that is full for a moment, and does not block, is given all the same", () => {
  const taken: number[] = [];
  let full = false;
  writeAll({
    writeSync(bytes) {
      full = !full;
      if (full) throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
      taken.push(...bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  }, "eight ä\n");
  assert.equal(new TextDecoder().decode(new Uint8Array(taken)), "eight ä\n");
});
