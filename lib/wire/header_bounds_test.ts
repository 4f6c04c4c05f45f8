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
    fc.string({ maxLength: 70, unit: "grapheme" }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("value"), { maxKeys: 20 }),
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

/** A map with one field. */
const field = (...value: number[]) => new Uint8Array([0x81, 0xa1, 0x61, ...value]);
/** A map with one key. */
const keyed = (...key: number[]) => new Uint8Array([0x81, ...key, 0xc0]);

Deno.test("what the two languages would read differently is refused", () => {
  for (
    const [fault, ...headers] of [
      [/an extension/, field(0xd6, 0xff, 0, 0, 0, 1), field(0xc7, 0, 1), field(0xd4, 5, 0)],
      [/not UTF-8/, field(0xa2, 0xc3, 0x28), field(0xa3, 0xed, 0xa0, 0x80), keyed(0xa1, 0xff)],
      [/a key that is no text/, keyed(1), keyed(0xc0), keyed(0xc4, 1, 0x61), keyed(0x90)],
      [
        /beyond 2\^53/,
        field(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0),
        field(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0),
      ],
      [/a key __proto__/, keyed(0xa9, ...new TextEncoder().encode("__proto__"))],
    ] as [RegExp, ...Uint8Array[]][]
  ) {
    for (const header of headers) {
      assert.throws(() => checkBounds(header), { name: "ProtocolError", message: fault });
    }
  }
  checkBounds(field(0xa3, 0xe2, 0x82, 0xac));
  checkBounds(field(0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
  checkBounds(field(0xd3, 0xff, 0xe0, 0, 0, 0, 0, 0, 1));
  checkBounds(field(0xa9, ...new TextEncoder().encode("__proto__")));
});
