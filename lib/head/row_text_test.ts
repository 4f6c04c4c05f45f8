import assert from "assert";
import fc from "fast-check";
import { decodeRow, encodeRow } from "./row_text.ts";

Deno.test("a record comes back as it was, bytes inside it too", () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string(),
      fc.uint8Array(),
      fc.array(tie("value")),
      fc.dictionary(fc.string().filter((name) => name !== "__proto__"), tie("value"), {
        noNullPrototype: true,
      }),
    ),
  })).value;
  fc.assert(fc.property(value, (row) => assert.deepEqual(decodeRow(encodeRow(row)), row)));
});

Deno.test("amounts past 2^53 stay exact", () => {
  assert.deepEqual(decodeRow(encodeRow({ memory: 2 ** 56 + 16 * 7 })), { memory: 2 ** 56 + 112 });
});
