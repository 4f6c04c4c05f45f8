import assert from "assert";
import { jobIdOf, jobNumberOf } from "./jobs.ts";

Deno.test("job ids count as Ray's do, least significant byte first", () => {
  assert.equal(jobIdOf(1), "01000000");
  assert.equal(jobIdOf(258), "02010000");
  assert.equal(jobNumberOf("02010000"), 258);
  assert.equal(jobNumberOf(jobIdOf(0xfffffffe)), 0xfffffffe);
  assert.equal(jobNumberOf("1"), undefined);
});
