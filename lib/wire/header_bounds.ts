/**
 * Looks over packed bytes before they are decoded. The decoder makes room for an array by the length
 * it announces; here that length must be covered by bytes that are there, so that a few bytes from a
 * stranger cannot ask for gigabytes. And what decoders read differently is refused, so that both
 * languages see the same header or none; `shim_py/ray/_core/header_bounds.py` has the same rules.
 */
import { isUtf8 } from "node:buffer";
import { ProtocolError } from "./errors.ts";

/** How deep maps and lists may be nested. */
export const MAX_DEPTH = 64;

/** Bytes that follow a type byte from 0xc0 on: fixed, or a length of so many bytes. */
type Tail =
  | { skip: number }
  | { length: 1 | 2 | 4; text?: true }
  | { items: 2 | 4; each: 1 | 2 }
  | { wide: "signed" | "unsigned" };

const TAILS: Readonly<Record<number, Tail>> = {
  0xc0: { skip: 0 }, // nil
  0xc2: { skip: 0 }, // false
  0xc3: { skip: 0 }, // true
  0xc4: { length: 1 }, // bytes
  0xc5: { length: 2 },
  0xc6: { length: 4 },
  0xca: { skip: 4 }, // floats
  0xcb: { skip: 8 },
  0xcc: { skip: 1 }, // whole numbers
  0xcd: { skip: 2 },
  0xce: { skip: 4 },
  0xcf: { wide: "unsigned" },
  0xd0: { skip: 1 },
  0xd1: { skip: 2 },
  0xd2: { skip: 4 },
  0xd3: { wide: "signed" },
  0xd9: { length: 1, text: true },
  0xda: { length: 2, text: true },
  0xdb: { length: 4, text: true },
  0xdc: { items: 2, each: 1 }, // lists
  0xdd: { items: 4, each: 1 },
  0xde: { items: 2, each: 2 }, // maps
  0xdf: { items: 4, each: 2 },
};

/** A key that decoders refuse: it would change what every map is. */
const PROTO = "__proto__";

function fault(what: string): ProtocolError {
  return new ProtocolError(`Cannot read a header: ${what}`);
}

/**
 * Checks that `bytes` are one MessagePack value, no more and no less: its lists and maps hold no more
 * items than there are bytes and are nested at most `depth` deep, its keys are texts, its texts
 * UTF-8, its whole numbers such that a double holds them, and it has no extensions.
 * @throws {ProtocolError} where they are not
 */
export function checkBounds(bytes: Uint8Array, depth = MAX_DEPTH): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Items still to come, per open list or map; the value itself is the first "list". */
  const open = [1];
  /** Which of them are maps. */
  const maps = [false];
  let pending = 1;
  let at = 0;
  const take = (count: number): number => {
    const start = at;
    if (count > bytes.length - at) throw fault("it is cut off");
    at += count;
    return start;
  };
  const number = (size: 1 | 2 | 4): number => {
    const start = take(size);
    if (size === 1) return view.getUint8(start);
    return size === 2 ? view.getUint16(start) : view.getUint32(start);
  };
  const enter = (items: number, map: boolean): void => {
    pending += items;
    if (pending > bytes.length - at) throw fault("it announces more items than it has bytes");
    if (items === 0) return;
    maps.push(map);
    if (open.push(items) > depth) throw fault(`it is nested deeper than ${depth}`);
  };
  const text = (length: number, key: boolean): void => {
    const start = take(length);
    const part = bytes.subarray(start, at);
    for (let i = start; i < at; i++) {
      if (bytes[i]! < 0x80) continue;
      if (!isUtf8(part)) throw fault("it has a text that is not UTF-8");
      break;
    }
    if (!key || length !== PROTO.length || bytes[start] !== 0x5f) return;
    if (String.fromCharCode(...part) === PROTO) throw fault(`it has a key ${PROTO}`);
  };
  while (pending > 0) {
    while (open.at(-1) === 0) open.pop(), maps.pop();
    const left = open[open.length - 1]!--;
    pending--;
    const key = maps[maps.length - 1]! && left % 2 === 0;
    const type = view.getUint8(take(1));
    const isText = (type >= 0xa0 && type < 0xc0) || (type >= 0xd9 && type < 0xdc);
    if (key && !isText) throw fault("it has a key that is no text");
    if (type < 0x80 || type >= 0xe0) continue; // a small number
    if (type < 0x90) enter((type & 0x0f) * 2, true);
    else if (type < 0xa0) enter(type & 0x0f, false);
    else if (type < 0xc0) text(type & 0x1f, key);
    else {
      const tail = TAILS[type];
      if (tail === undefined) {
        throw fault(type === 0xc1 ? "it is not MessagePack" : "it has an extension");
      }
      if ("skip" in tail) take(tail.skip);
      else if ("items" in tail) enter(number(tail.items) * tail.each, tail.each === 2);
      else if ("wide" in tail) wide(view, take(8), tail.wide);
      else if (tail.text) text(number(tail.length), key);
      else take(number(tail.length));
    }
  }
  if (at !== bytes.length) throw fault("bytes follow its end");
}

function wide(view: DataView, at: number, kind: "signed" | "unsigned"): void {
  const value = Number(kind === "signed" ? view.getBigInt64(at) : view.getBigUint64(at));
  if (!Number.isSafeInteger(value)) throw fault("it has a whole number beyond 2^53");
}
