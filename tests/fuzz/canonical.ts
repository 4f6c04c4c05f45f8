/** Frames as text, the same in Python (`python_side.py`): what both sides must agree on. */
import type { Frame } from "../../lib/wire/frames.ts";

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** A value of a header. Whole numbers and floats are not told apart: JavaScript cannot. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return "N";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "number") {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, Number.isNaN(value) ? NaN : value + 0);
    return `#${hex(bytes)}`;
  }
  if (typeof value === "string") return `s${textHex(value)}`;
  if (value instanceof Uint8Array) return `b${hex(value)}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (Object.getPrototypeOf(value) === Object.prototype) {
    const fields = Object.entries(value as object)
      .map(([name, field]) => `${textHex(name)}=${canonical(field)}`);
    return `{${fields.sort().join(",")}}`;
  }
  throw new TypeError(`a header holds a ${Object.prototype.toString.call(value)}`);
}

function textHex(text: string): string {
  // The decoder for long texts drops a leading byte order mark, the one for short ones does not.
  return hex(new TextEncoder().encode(text.replace(/^\ufeff/, "")));
}

export function frameText({ header, body }: Frame): string {
  return `${canonical(header)} ${hex(body)}`;
}
