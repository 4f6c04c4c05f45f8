import assert from "assert";
import { findCircle, importsIn, wrongArrows } from "./_imports.ts";

Deno.test("imports, exports and dynamic imports count; packages and types do not", () => {
  const source = `
import { a } from "./a.ts";
import type { B } from "./b.ts";
import { type C, type D } from "./c.ts";
import { type E, e } from "./e.ts";
export * from "./f.ts";
import "./g.ts";
import {
  long,
  longer,
} from "./h.ts";
import { encode } from "msgpack";
const j = await import("./j.ts");
export const text = "from ./not.ts";
`;
  assert.deepEqual(importsIn(source), [
    "./a.ts",
    "./e.ts",
    "./f.ts",
    "./g.ts",
    "./h.ts",
    "./j.ts",
  ]);
});

Deno.test("a circle is found with the way round it", () => {
  const graph = new Map([["a", ["b", "x"]], ["b", ["c"]], ["c", ["b"]], ["x", []]]);
  assert.deepEqual(findCircle(graph), ["b", "c", "b"]);
  assert.equal(findCircle(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]])), undefined);
});

Deno.test("the brain imports nothing but itself; tests may import anything", () => {
  const graph = new Map([
    ["lib/cluster/a.ts", ["lib/cluster/b.ts", "lib/wire/frames.ts"]],
    ["lib/cluster/a_test.ts", ["lib/wire/frames.ts"]],
    ["lib/head/a.ts", ["lib/cluster/a.ts", "lib/cli/up.ts"]],
    ["lib/cli/up.ts", ["lib/head/a.ts"]],
  ]);
  assert.deepEqual(wrongArrows(graph), [
    "lib/cluster/a.ts -> lib/wire/frames.ts",
    "lib/head/a.ts -> lib/cli/up.ts",
  ]);
});
