import assert from "assert";
import { neededGlibc } from "./glibc.ts";

const names = (text: string) => new TextEncoder().encode(text);

Deno.test("the newest version counts, by numbers and not by letters", () => {
  assert.deepEqual(neededGlibc(names("\0GLIBC_2.9\0GLIBC_2.27\0GLIBC_2.3.4\0")), [2, 27]);
});

Deno.test("what is no name of a version does not count", () => {
  assert.deepEqual(neededGlibc(names("needs GLIBC_2.99 or\0GLIBC_2.17\0GLIBC_2.98x\0")), [2, 17]);
  assert.throws(() => neededGlibc(names("\0GLIBC_PRIVATE\0")), /must name versions/);
});
