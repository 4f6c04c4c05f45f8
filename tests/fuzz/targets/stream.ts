/** Inputs that are a stream in pieces: the first byte says how it is cut, the rest is the stream. */
import { Random } from "../random.ts";

/** The pieces of such an input. */
export function piecesOf(input: Uint8Array): Uint8Array[] {
  const [how = 0] = input;
  const stream = input.subarray(1);
  if (how === 0) return [stream];
  const pieces: Uint8Array[] = [];
  const random = new Random(how);
  for (let at = 0; at < stream.length;) {
    const size = how === 1 ? 1 : 1 + random.below(how < 128 ? 20 : 200);
    pieces.push(stream.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

/** An input of that stream. */
export function cut(how: number, ...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  whole[0] = how;
  let at = 1;
  for (const part of parts) whole.set(part, at), at += part.length;
  return whole;
}
