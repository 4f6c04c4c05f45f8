import assert from "assert";
import fc from "fast-check";
import { ProtocolError } from "./errors.ts";
import {
  encodeFrame,
  encodeHead,
  type Frame,
  FrameDecoder,
  type Header,
  PREFIX_LENGTH,
  STRANGER_LIMITS,
} from "./frames.ts";

const LIMITS = { header: 1 << 16, body: 1 << 16 };

const anyHeader: fc.Arbitrary<Header> = fc.dictionary(
  fc.string().filter((name) => name !== "__proto__" && name !== "kind"),
  fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.integer()),
    fc.dictionary(fc.constantFrom("a", "b", "c"), fc.string(), { noNullPrototype: true }),
  ),
).chain((fields) => fc.string().map((kind) => ({ ...fields, kind })));

const anyFrames = fc.array(
  fc.record({ header: anyHeader, body: fc.uint8Array({ maxLength: 2000 }) }),
  { maxLength: 5 },
);

function join(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) whole.set(part, at), at += part.length;
  return whole;
}

/** Cuts `bytes` at the given places, taken modulo its length. */
function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) =>
    a - b
  );
  return [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i] ?? bytes.length));
}

function decodeAll(parts: Uint8Array[], decoder = new FrameDecoder(LIMITS)): Frame[] {
  return parts.flatMap((part) => [...decoder.feed(part)]);
}

/** What crosses the wire of a header: undefined is left out, -0 becomes 0. */
function plain(frames: Frame[]): unknown {
  return frames.map(({ header, body }) => [
    Object.entries(header).map(([name, value]) => [name, Object.is(value, -0) ? 0 : value]),
    [...body],
  ]);
}

Deno.test("frames come out as they went in, however their bytes are split", () => {
  fc.assert(fc.property(anyFrames, fc.array(fc.nat(), { maxLength: 40 }), (frames, places) => {
    const bytes = join(frames.map(({ header, body }) => encodeFrame(header, body)));
    const decoder = new FrameDecoder(LIMITS);
    assert.deepEqual(plain(decodeAll(cut(bytes, places), decoder)), plain(frames));
    assert.equal(decoder.idle, true);
  }));
});

Deno.test("byte by byte, a decoder is idle between frames only", () => {
  const bytes = encodeFrame({ kind: "ping" }, new Uint8Array([1, 2, 3]));
  const decoder = new FrameDecoder();
  bytes.forEach((byte, i) => {
    const frames = [...decoder.feed(new Uint8Array([byte]))];
    const last = i === bytes.length - 1;
    assert.equal(frames.length, last ? 1 : 0);
    assert.equal(decoder.idle, last);
  });
});

Deno.test("whoever feeds what is missing never feeds past a frame", () => {
  fc.assert(fc.property(anyFrames, (frames) => {
    const decoder = new FrameDecoder(LIMITS);
    for (const { header, body } of frames) {
      const bytes = encodeFrame(header, body);
      const out: Frame[] = [];
      let at = 0;
      while (out.length === 0) {
        const end = at + decoder.missing;
        assert.ok(end > at && end <= bytes.length);
        out.push(...decoder.feed(bytes.subarray(at, end)));
        at = end;
      }
      assert.equal(at, bytes.length);
    }
  }));
});

Deno.test("any bytes give frames or a protocol error", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(), { maxLength: 10 }),
      (bytes, places) => {
        const run = (parts: Uint8Array[]): unknown => {
          try {
            return plain(decodeAll(parts));
          } catch (error) {
            assert.ok(error instanceof ProtocolError, `${error}`);
            return error.message;
          }
        };
        assert.deepEqual(run(cut(bytes, places)), run([bytes]));
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("any header after an honest prefix gives a frame or a protocol error", () => {
  const packed = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // Something valid with one byte changed reaches deeper than noise.
    fc.tuple(anyHeader, fc.nat(), fc.nat(255)).map(([header, place, byte]) => {
      const bytes = encodeHead(header).slice(PREFIX_LENGTH);
      bytes[place % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(packed, (header) => {
      const bytes = new Uint8Array(PREFIX_LENGTH + header.length);
      new DataView(bytes.buffer).setUint32(0, header.length);
      bytes.set(header, PREFIX_LENGTH);
      try {
        const frames = decodeAll([bytes]);
        assert.equal(frames.length, 1);
        assert.equal(typeof frames[0]!.header.kind, "string");
      } catch (error) {
        assert.ok(error instanceof ProtocolError, `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("lengths past the limits are refused before a byte of the part has come", () => {
  const prefix = (header: number, body: bigint) => {
    const bytes = new Uint8Array(PREFIX_LENGTH);
    new DataView(bytes.buffer).setUint32(0, header);
    new DataView(bytes.buffer).setBigUint64(4, body);
    return bytes;
  };
  const feed = (bytes: Uint8Array) => [...new FrameDecoder(STRANGER_LIMITS).feed(bytes)];
  assert.throws(() => feed(prefix(4097, 0n)), {
    name: "ProtocolError",
    message: "Cannot take a header of 4097 bytes: at most 4096 are allowed",
  });
  assert.throws(() => feed(prefix(10, 1n)), /body of 1 bytes: at most 0/);
  assert.throws(() => feed(prefix(10, 2n ** 64n - 1n)), /body of 18446744073709551615 bytes/);
  assert.deepEqual(feed(prefix(4096, 0n)), []);
});

Deno.test("a length that lies makes no room for itself", () => {
  const bytes = encodeHead({ kind: "call" }, 32 * 2 ** 30);
  const before = Deno.memoryUsage();
  const decoders = Array.from({ length: 64 }, () => new FrameDecoder());
  for (const decoder of decoders) assert.deepEqual([...decoder.feed(bytes)], []);
  const after = Deno.memoryUsage();
  assert.ok(after.external - before.external < 64 * 2 ** 20);
  assert.ok(after.heapTotal - before.heapTotal < 64 * 2 ** 20);
});

Deno.test("HTTP on the port is a protocol error", () => {
  const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.throws(() => decodeAll([request], new FrameDecoder(STRANGER_LIMITS)), ProtocolError);
});
