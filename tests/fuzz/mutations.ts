/** Changes to inputs that are only bytes. */
import type { Random } from "./random.ts";

/** Bytes made from bytes. */
export type Mutation = (bytes: Uint8Array, random: Random, around: Around) => Uint8Array;

/** What a mutation may take from. */
export interface Around {
  words: readonly Uint8Array[];
  others: readonly Uint8Array[];
  /** Longest input. */
  most: number;
}

const BYTES = [0, 1, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xc0, 0xc1, 0xc7, 0xdc, 0xdf, 0xe0, 0xff];
const NUMBERS = [
  0n,
  1n,
  127n,
  128n,
  255n,
  256n,
  4096n,
  4097n,
  65535n,
  65536n,
  2n ** 24n,
  2n ** 24n + 1n,
]
  .concat([2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 36n, 2n ** 53n - 1n, 2n ** 53n])
  .concat([2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]);

/** `bytes` with those from `from` to `to` replaced. */
export function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  const result = new Uint8Array(from + by.length + bytes.length - to);
  result.set(bytes.subarray(0, from));
  result.set(by, from);
  result.set(bytes.subarray(to), from + by.length);
  return result;
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const from = random.below(bytes.length + 1);
  const span = random.once(4) ? bytes.length : 8;
  return [from, Math.min(bytes.length, from + random.below(span + 1))];
}

function numberBytes(random: Random): Uint8Array {
  const wide = new Uint8Array(8);
  const view = new DataView(wide.buffer);
  const number = random.once(3) ? BigInt(random.word()) : random.of(NUMBERS);
  view.setBigUint64(0, number);
  return wide.subarray(8 - random.of([1, 2, 4, 8]));
}

const MUTATIONS: readonly Mutation[] = [
  function flip(bytes, random) {
    const result = bytes.slice();
    if (bytes.length > 0) result[random.below(bytes.length)]! ^= 1 << random.below(8);
    return result;
  },
  function put(bytes, random) {
    const result = bytes.slice();
    if (bytes.length > 0) {
      result[random.below(bytes.length)] = random.once(2) ? random.of(BYTES) : random.below(256);
    }
    return result;
  },
  function step(bytes, random) {
    const result = bytes.slice();
    if (bytes.length > 0) result[random.below(bytes.length)]! += random.of([1, -1, 16, -16]);
    return result;
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return replaced(
      bytes,
      at,
      at,
      new Uint8Array([random.once(2) ? random.of(BYTES) : random.below(256)]),
    );
  },
  function remove(bytes, random) {
    return replaced(bytes, ...range(bytes, random), new Uint8Array(0));
  },
  function number(bytes, random) {
    const by = numberBytes(random);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, Math.min(bytes.length, at + by.length), by);
  },
  function word(bytes, random, { words }) {
    if (words.length === 0) return bytes;
    const by = random.of(words);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, random.once(2) ? at : Math.min(bytes.length, at + by.length), by);
  },
  function copy(bytes, random) {
    const [from, to] = range(bytes, random);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at, bytes.subarray(from, to));
  },
  function splice(bytes, random, { others }) {
    const other = random.of(others);
    const [from, to] = range(other, random);
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, random.once(2) ? at : bytes.length, other.subarray(from, to));
  },
  function repeat(bytes, random, { most }) {
    const [from, to] = range(bytes, random);
    const part = bytes.subarray(from, to);
    if (part.length === 0) return bytes;
    const room = Math.max(0, most - bytes.length);
    const times = Math.min(Math.floor(room / part.length), 2 ** random.below(15));
    const many = new Uint8Array(part.length * times);
    for (let at = 0; at < times; at++) many.set(part, at * part.length);
    return replaced(bytes, from, from, many);
  },
];

/** Some of the above, one after the other. */
export const mutated: Mutation = (bytes, random, around) => {
  let result = bytes;
  for (let times = 1 + random.below(random.once(3) ? 8 : 2); times > 0; times--) {
    // Repetitions are costly to run: few of them.
    const mutation = random.of(MUTATIONS);
    if (mutation.name === "repeat" && !random.once(8)) continue;
    result = mutation(result, random, around);
  }
  return result.length > around.most ? result.slice(0, around.most) : result;
};
