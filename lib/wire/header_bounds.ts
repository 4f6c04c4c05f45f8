/**
 * Looks over packed bytes before they are decoded. The decoder makes room for an array by the length
 * it announces; here that length must be covered by bytes that are there, so that a few bytes from a
 * stranger cannot ask for gigabytes.
 */
import { ProtocolError } from "./errors.ts";

/** How deep maps and lists may be nested. */
export const MAX_DEPTH = 64;

/** Bytes that follow a type byte from 0xc0 on: fixed, or a length of so many bytes. */
type Tail = { skip: number } | { length: 1 | 2 | 4; extra: number } | { items: 2 | 4; each: 1 | 2 };

const TAILS: Readonly<Record<number, Tail>> = {
  0xc0: { skip: 0 }, // nil
  0xc2: { skip: 0 }, // false
  0xc3: { skip: 0 }, // true
  0xc4: { length: 1, extra: 0 }, // bytes
  0xc5: { length: 2, extra: 0 },
  0xc6: { length: 4, extra: 0 },
  0xc7: { length: 1, extra: 1 }, // extensions have a type byte
  0xc8: { length: 2, extra: 1 },
  0xc9: { length: 4, extra: 1 },
  0xca: { skip: 4 }, // floats
  0xcb: { skip: 8 },
  0xcc: { skip: 1 }, // whole numbers
  0xcd: { skip: 2 },
  0xce: { skip: 4 },
  0xcf: { skip: 8 },
  0xd0: { skip: 1 },
  0xd1: { skip: 2 },
  0xd2: { skip: 4 },
  0xd3: { skip: 8 },
  0xd4: { skip: 2 },
  0xd5: { skip: 3 },
  0xd6: { skip: 5 },
  0xd7: { skip: 9 },
  0xd8: { skip: 17 },
  0xd9: { length: 1, extra: 0 }, // texts
  0xda: { length: 2, extra: 0 },
  0xdb: { length: 4, extra: 0 },
  0xdc: { items: 2, each: 1 }, // lists
  0xdd: { items: 4, each: 1 },
  0xde: { items: 2, each: 2 }, // maps
  0xdf: { items: 4, each: 2 },
};

function fault(what: string): ProtocolError {
  return new ProtocolError(`Cannot read a header: ${what}`);
}

/**
 * Checks that `bytes` are one MessagePack value, no more and no less, whose lists and maps hold no
 * more items than there are bytes and are nested at most {@link MAX_DEPTH} deep.
 * @throws {ProtocolError} where they are not
 */
export function checkBounds(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Items still to come, per open list or map; the value itself is the first "list". */
  const open = [1];
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
  const enter = (items: number): void => {
    pending += items;
    if (pending > bytes.length - at) throw fault("it announces more items than it has bytes");
    if (items > 0 && open.push(items) > MAX_DEPTH) {
      throw fault(`it is nested deeper than ${MAX_DEPTH}`);
    }
  };
  while (pending > 0) {
    while (open.at(-1) === 0) open.pop();
    open[open.length - 1]!--;
    pending--;
    const type = view.getUint8(take(1));
    if (type < 0x80 || type >= 0xe0) continue; // a small number
    if (type < 0x90) enter((type & 0x0f) * 2);
    else if (type < 0xa0) enter(type & 0x0f);
    else if (type < 0xc0) take(type & 0x1f);
    else {
      const tail = TAILS[type];
      if (tail === undefined) throw fault("it is not MessagePack");
      if ("skip" in tail) take(tail.skip);
      else if ("length" in tail) take(number(tail.length) + tail.extra);
      else enter(number(tail.items) * tail.each);
    }
  }
  if (at !== bytes.length) throw fault("bytes follow its end");
}
