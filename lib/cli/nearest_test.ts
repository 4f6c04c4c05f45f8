import assert from "assert";
import { distance, nearest } from "./nearest.ts";

Deno.test("steps between words, a swap of neighbours being one", () => {
  assert.equal(distance("", "abc"), 3);
  assert.equal(distance("kitten", "sitting"), 3);
  assert.equal(distance("stauts", "status"), 1);
});

Deno.test("only near words are offered", () => {
  const flags = ["--head", "--num-gpus", "--num-cpus"];
  assert.equal(nearest("--hed", flags), "--head");
  assert.equal(nearest("--num-gpu", flags), "--num-gpus");
  assert.equal(nearest("--num", flags), "--num-gpus");
  assert.equal(nearest("stat", ["start", "status"]), "status");
  assert.equal(nearest("--zzzzzz", flags), undefined);
  assert.equal(nearest("x", flags), undefined);
});
