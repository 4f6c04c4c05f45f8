/**
 * Rows of the journal as text: JSON, so that a person can look at them, with bytes in a map of one
 * marked field.
 */

const MARK = "\u0000bytes";

/** A record as text. */
export function encodeRow(row: unknown): string {
  return JSON.stringify(
    row,
    (_, value) =>
      value instanceof Uint8Array
        ? { [MARK]: btoa(value.reduce((text, byte) => text + String.fromCharCode(byte), "")) }
        : value,
  );
}

/** The record again. @throws SyntaxError for text that is none */
export function decodeRow(text: string): unknown {
  return JSON.parse(text, (_, value) => {
    const packed = value?.[MARK];
    return typeof packed === "string"
      ? Uint8Array.from(atob(packed), (char) => char.charCodeAt(0))
      : value;
  });
}
