import assert from "assert";
import { minimise } from "./minimise.ts";

Deno.test("what is not needed for a failure is left out", async () => {
  const items = Array.from({ length: 100 }, (_, index) => index);
  const fails = (part: readonly number[]) => [3, 50, 51, 97].every((one) => part.includes(one));
  assert.deepEqual(await minimise(items, fails), [3, 50, 51, 97]);
  assert.deepEqual(await minimise(items, () => true), []);
  assert.deepEqual(await minimise([1], (part) => part.length === 1), [1]);
});

Deno.test("a failure that needs everything is left as it is, and the tries are bounded", async () => {
  const items = Array.from({ length: 30 }, (_, index) => index);
  assert.deepEqual(await minimise(items, (part) => part.length === 30), items);
  let tries = 0;
  await minimise(items, () => (tries += 1, false), 10);
  assert.equal(tries, 10);
});
