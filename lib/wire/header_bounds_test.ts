import assert from "assert";
import fc from "fast-check";
import { encode } from "msgpack";
import { checkBounds, MAX_DEPTH } from "./header_bounds.ts";

const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 8 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.float(),
    fc.string({ maxLength: 70 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 20 }),
  ),
})).value;

Deno.test("every value that the encoder makes is within bounds, and not one byte shorter or longer", () => {
  fc.assert(fc.property(anyValue, (value) => {
    const bytes = encode(value);
    checkBounds(bytes);
    assert.throws(() => checkBounds(bytes.subarray(0, -1)), { name: "ProtocolError" });
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    assert.throws(() => checkBounds(longer), /bytes follow its end/);
  }));
});

Deno.test("long texts, bytes, lists and maps have their own length fields", () => {
  const many = Array.from({ length: 70_000 }, (_, i) => i);
  for (
    const value of [
      "x".repeat(70_000),
      new Uint8Array(70_000),
      many,
      many.slice(0, 300),
      Object.fromEntries(many.map((i) => [`k${i}`, i])),
      Object.fromEntries(many.slice(0, 300).map((i) => [`k${i}`, i])),
    ]
  ) checkBounds(encode(value));
});

Deno.test("a list longer than the bytes behind it is refused, nested ones too", () => {
  const list = [0xdd, 0x01, 0xc9, 0xc3, 0x80]; // announces 30 000 000 items
  assert.throws(() => checkBounds(new Uint8Array(list)), /more items than it has bytes/);
  const nested = Array.from({ length: 50 }, () => [0xdc, 0x00, 0x30]).flat();
  assert.throws(() => checkBounds(new Uint8Array(nested)), /more items than it has bytes/);
});

Deno.test("nesting ends at its limit", () => {
  const nest = (depth: number) => new Uint8Array([...Array(depth).fill(0x91), 0xc0]);
  checkBounds(nest(MAX_DEPTH - 1));
  assert.throws(() => checkBounds(nest(MAX_DEPTH)), /nested deeper than 64/);
});

Deno.test("what is no MessagePack is refused", () => {
  assert.throws(() => checkBounds(new Uint8Array([0xc1])), /not MessagePack/);
  assert.throws(() => checkBounds(new Uint8Array(0)), /cut off/);
});
