/** Changes to a stream of frames that leave it one: the header's length fits what the header became. */
import { decode, encode } from "msgpack";
import { mutated, type Mutation } from "../mutations.ts";
import type { Random } from "../random.ts";
import { cut } from "./stream.ts";

const PREFIX = 12;

interface Rough {
  header: Uint8Array;
  body: Uint8Array;
}

/** Frames as far as lengths make sense, then what is left. */
function roughly(stream: Uint8Array): Rough[] {
  const frames: Rough[] = [];
  let at = 0;
  while (stream.length - at >= PREFIX) {
    const view = new DataView(stream.buffer, stream.byteOffset + at);
    const header = Math.min(view.getUint32(0), stream.length - at - PREFIX);
    const body = Math.min(Number(view.getBigUint64(4)), stream.length - at - PREFIX - header);
    const start = at + PREFIX;
    frames.push({
      header: stream.subarray(start, start + header),
      body: stream.subarray(start + header, start + header + body),
    });
    at = start + header + body;
  }
  return frames;
}

/** One frame with these bytes, whatever they are. */
export function framed(header: Uint8Array, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(PREFIX + header.length + body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, header.length);
  view.setBigUint64(4, BigInt(body.length));
  frame.set(header, PREFIX);
  frame.set(body, PREFIX + header.length);
  return frame;
}

/** Values at the borders of MessagePack. */
export const ODD_VALUES: readonly Uint8Array[] = [
  ...[
    0,
    -0,
    1,
    -1,
    127,
    -128,
    65536,
    2 ** 32,
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    0.5,
    NaN,
    Infinity,
    1e300,
  ]
    .map((value) => encode(value)),
  ...["", "kind", "ä", "\u0000", "x".repeat(40), "ping", "__proto__"].map((value) => encode(value)),
  ...[null, true, [], {}, [[]], { kind: "x" }, { 1: 2 }, new Uint8Array(3)].map((value) =>
    encode(value)
  ),
  ...[
    [0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0], // 2^53
    [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], // -2^63
    [0xd6, 0xff, 0, 0, 0, 1], // a timestamp
    [0xd7, 0xff, 0, 0, 0, 4, 0, 0, 0, 0],
    [0xc7, 0, 1], // extensions
    [0xc7, 12, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    [0xd4, 5, 0],
    [0xa2, 0xc3, 0x28], // text that is none
    [0xa3, 0xed, 0xa0, 0x80], // half of a pair
    [0xa2, 0xc0, 0x80], // longer than needed
    [0xa4, 0xf5, 0x80, 0x80, 0x80],
    [0xdd, 0xff, 0xff, 0xff, 0xff], // announced and not there
    [0xdf, 0, 1, 0, 0],
    [0xdb, 0xff, 0xff, 0xff, 0xff],
    [0xca, 0x7f, 0xc0, 0, 1],
    [0xc1],
    [0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2], // one key twice
    [0x81, 1, 2], // keys that are no text
    [0x81, 0xc0, 2],
    [0x81, 0xc4, 1, 0x61, 2],
    [0x81, 0x90, 2],
    [0x81, 0xca, 0, 0, 0, 0, 2],
  ].map((bytes) => new Uint8Array(bytes)),
];

/** Where the values of a header begin and end; of lists and maps only their own bytes. */
function tokens(header: Uint8Array): [from: number, to: number][] {
  const found: [number, number][] = [];
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  for (let at = 0; at < header.length;) {
    const type = header[at]!;
    const room = header.length - at - 1;
    let size = 1;
    if (type >= 0xa0 && type < 0xc0) size += type & 0x1f;
    else if (type === 0xd9 && room >= 1) size += 1 + header[at + 1]!;
    else if (type === 0xda && room >= 2) size += 2 + view.getUint16(at + 1);
    else if (type === 0xc4 && room >= 1) size += 1 + header[at + 1]!;
    else if (type >= 0xcc && type <= 0xd3) size += 1 << (type & 3);
    else if (type === 0xca) size += 4;
    else if (type === 0xcb) size += 8;
    const to = Math.min(header.length, at + size);
    found.push([at, to]);
    at = to;
  }
  return found;
}

/** A value of MessagePack: an odd one, a word as a text, or a number near another. */
function valueOf(random: Random, words: readonly Uint8Array[], former?: Uint8Array): Uint8Array {
  if (former !== undefined && (former[0]! < 0x80 || (former[0]! >= 0xcc && former[0]! <= 0xd3))) {
    let number: number;
    try {
      number = Number(decode(former));
    } catch {
      number = 0; // cut off
    }
    const near = random.of([
      number + 1,
      number - 1,
      number * 2,
      number + 2 ** random.below(40),
      -number,
    ]);
    if (!random.once(3)) return encode(near);
  }
  if (words.length === 0 || random.once(2)) return random.of(ODD_VALUES);
  const word = random.of(words).subarray(0, 31);
  return new Uint8Array([0xa0 + word.length, ...word]);
}

/** One more field in the map that a header is. */
function withField(header: Uint8Array, random: Random, words: readonly Uint8Array[]): Uint8Array {
  const [first = 0x80] = header;
  if (first < 0x80 || first > 0x8e) return header;
  const name = words.length > 0 && random.once(2) ? random.of(words) : new Uint8Array([0x61]);
  const parts = [
    [first + 1],
    header.subarray(1),
    [0xa0 + Math.min(31, name.length)],
    name.subarray(0, 31),
    valueOf(random, words),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** See the top of this file. */
export const mutatedFrames: Mutation = (input, random, around) => {
  const frames = roughly(input.subarray(1));
  if (frames.length === 0) return mutated(input, random, around);
  const at = random.below(frames.length);
  const frame = frames[at]!;
  const change = random.of([0, 1, 2, 3, 3, 4]);
  if (change === 0) frame.header = withField(frame.header, random, around.words);
  else if (change === 1) frames.push(frame);
  else if (change === 2) frame.body = mutated(frame.body, random, around);
  else if (change === 3) {
    const found = tokens(frame.header);
    const [from, to] = found.length > 0 ? random.of(found) : [0, 0];
    const value = valueOf(random, around.words, frame.header.subarray(from, to));
    frame.header = new Uint8Array([
      ...frame.header.subarray(0, from),
      ...value,
      ...frame.header.subarray(random.once(6) ? from : to),
    ]);
  } else frame.header = mutated(frame.header, random, around);
  const how = random.once(4) ? random.below(256) : input[0] ?? 0;
  const result = cut(how, ...frames.map(({ header, body }) => framed(header, body)));
  return result.length > around.most ? result.slice(0, around.most) : result;
};
