/**
 * Rows of the journal as text: JSON, so that a person can look at them, with bytes in a map of one
 * marked field.
 */

const MARK = "\u0000bytes";

/** A record as text. */
export function encodeRow(row: unknown): string {
  // A replacer costs ten times what the rest does, and is needed for next to no row.
  if (!holdsBytes(row)) return JSON.stringify(row);
  return JSON.stringify(
    row,
    (_, value) =>
      value instanceof Uint8Array
        ? { [MARK]: btoa(value.reduce((text, byte) => text + String.fromCharCode(byte), "")) }
        : value,
  );
}

function holdsBytes(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array) return true;
  return Array.isArray(value) ? value.some(holdsBytes) : Object.values(value).some(holdsBytes);
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
