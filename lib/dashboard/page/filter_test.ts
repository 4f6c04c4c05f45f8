import assert from "assert";
import { filterOf } from "./filter.ts";

const ROWS = [
  { name: "engine", state: "alive", node: "10.0.0.1:6379", gpu: 0 },
  { name: "victim", state: "dead", node: "10.0.0.2", gpu: undefined },
  { name: "dead letter", state: "alive", node: "10.0.0.2", gpu: 1 },
];

function found(query: string): string[] {
  return ROWS.filter(filterOf(query)).map(({ name }) => name);
}

Deno.test("all words must be there, in any field, in any case", () => {
  assert.deepEqual(found(""), ["engine", "victim", "dead letter"]);
  assert.deepEqual(found("DEAD"), ["victim", "dead letter"]);
  assert.deepEqual(found("dead alive"), ["dead letter"]);
  assert.deepEqual(found('"dead letter"'), ["dead letter"]);
});

Deno.test("a field's name narrows a word, a hyphen turns it round", () => {
  assert.deepEqual(found("state:dead"), ["victim"]);
  assert.deepEqual(found("-state:dead"), ["engine", "dead letter"]);
  assert.deepEqual(found('name:"dead l"'), ["dead letter"]);
  assert.deepEqual(found("-dead"), ["engine"]);
  assert.deepEqual(found("gpu:0"), ["engine"]);
});

Deno.test("what is no field's name is part of the word", () => {
  assert.deepEqual(found("10.0.0.1:6379"), ["engine"]);
  assert.deepEqual(found("constructor:x"), []);
  assert.deepEqual(found("-"), []);
});
