/** Text of a stranger, for sentences of ours: no line of a log and no terminal is his to write. */

// deno-lint-ignore no-control-regex -- these are what must not come through
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** The text without control characters, and cut after `most` characters. */
export function shown(text: string, most = 64): string {
  const plain = text.slice(0, most).replace(CONTROL, "?");
  return text.length > most ? `${plain}…` : plain;
}
