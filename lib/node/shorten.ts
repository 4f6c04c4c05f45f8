/**
 * Shortens a file that another process appends to, without asking it: what is old goes, the last of it
 * stays behind a line that says so. A rename would not do, since the writer keeps the file open.
 */

const READ_SIZE = 64 * 1024;
const NEWLINE = 10;

/** How to. */
export interface ShortenOptions {
  /** Up to here the file was read, in bytes from its beginning; what is behind stays whole. */
  read: number;
  /** So much of what was read stays at most, whole lines of it. */
  keep: number;
  /** The line that tells of it, without its end. */
  note: string;
}

/**
 * The end of the file is written over its beginning, and the file cut behind that: nothing that was
 * appended until just before the cut is lost, and what is appended afterwards follows on.
 * @param file open for reading and writing, not for appending
 * @returns where what was not read begins now, in bytes
 */
export function shorten(file: Deno.FsFile, { read, keep, note }: ShortenOptions): number {
  const head = new TextEncoder().encode(note + "\n");
  const kept = lastLines(readAt(file, Math.max(0, read - keep), Math.min(keep, read)));
  if (head.length + kept.length >= read) return read; // it would not become shorter
  writeAt(file, 0, head);
  writeAt(file, head.length, kept);
  const unread = head.length + kept.length;
  let end = unread;
  for (let from = read;;) {
    const bytes = readAt(file, from, READ_SIZE);
    if (bytes.length === 0) break;
    writeAt(file, end, bytes);
    from += bytes.length;
    end += bytes.length;
  }
  file.truncateSync(end);
  return unread;
}

/** Without the end of a line whose beginning is gone. */
function lastLines(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.indexOf(NEWLINE) + 1);
}

function readAt(file: Deno.FsFile, at: number, most: number): Uint8Array {
  const bytes = new Uint8Array(most);
  file.seekSync(at, Deno.SeekMode.Start);
  let count = 0;
  while (count < most) {
    const read = file.readSync(bytes.subarray(count));
    if (read === null) break;
    count += read;
  }
  return bytes.subarray(0, count);
}

function writeAt(file: Deno.FsFile, at: number, bytes: Uint8Array): void {
  file.seekSync(at, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}
