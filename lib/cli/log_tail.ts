/** The end of a file, and what is added to it. */

/** Bytes read from the end of a file for its last lines. */
const TAIL_BYTES = 2 ** 20;

/** Text, and the place in the file after it. */
export interface Part {
  text: string;
  end: number;
}

/** The last `count` lines; of very long ones those within the last mebibyte. */
export function lastLines(path: string, count: number): Part {
  const { size } = Deno.statSync(path);
  const { text, end } = readFrom(path, Math.max(0, size - TAIL_BYTES));
  const lines = text.replace(/\n$/, "").split("\n");
  return { text: count === 0 ? "" : lines.slice(-count).join("\n"), end };
}

/** What was written after `start`; from the beginning where the file was begun anew. */
export function whatIsNew(path: string, start: number): Part {
  try {
    const { size } = Deno.statSync(path);
    return size === start ? { text: "", end: start } : readFrom(path, size < start ? 0 : start);
  } catch {
    return { text: "", end: 0 }; // it was removed, and may come back
  }
}

function readFrom(path: string, start: number): Part {
  using file = Deno.openSync(path);
  file.seekSync(start, Deno.SeekMode.Start);
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(64 * 1024);
  let end = start;
  for (let count = file.readSync(buffer); count; count = file.readSync(buffer)) {
    chunks.push(buffer.slice(0, count));
    end += count;
  }
  const decoder = new TextDecoder();
  return { text: chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join(""), end };
}
