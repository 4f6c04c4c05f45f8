/** Parts of a log file, for who reads it from afar: from a byte on, or its last lines. */

/** How often a file that is waited for is looked at, in milliseconds. */
const LOOK_MS = 100;
/** Longest part of a file in one answer, in bytes. */
export const MOST_PART = 2 ** 20;

/** A part of a file. */
export interface LogPart {
  /** Bytes that the file has now. */
  size: number;
  /** Where the part begins: where it was asked for, or 0 where the file is shorter, begun anew. */
  offset: number;
  bytes: Uint8Array;
  /** False: nobody wrote it any more when this was read, so nothing follows what was read. */
  running: boolean;
}

/** What {@link readLogPart} is asked for. */
export interface LogQuestion {
  offset: number;
  /** Most bytes to return. */
  most: number;
  /** How long to wait for something behind `offset`, in milliseconds. */
  wait_ms: number;
  /** Nothing more will be written once this is false. */
  running(): boolean;
  signal?: AbortSignal;
}

/** The part of the file at `path` behind an offset; empty where there is nothing (more). */
export async function readLogPart(path: string, question: LogQuestion): Promise<LogPart> {
  const until = Date.now() + question.wait_ms;
  for (;;) {
    // Asked before the file is read: what was written last is then in what is read.
    const running = question.running();
    const goesOn = running && Date.now() < until && !question.signal?.aborted;
    const part = readPart(path, question.offset, Math.min(question.most, MOST_PART));
    if (part.bytes.length > 0 || !goesOn) return { ...part, running };
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Where the last `count` lines begin; of very long ones those within the last mebibyte. */
export function startOfLastLines(path: string, count: number): number {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return 0; // nothing was written yet
  }
  using open = file;
  const { size } = open.statSync();
  if (count <= 0) return size;
  const from = Math.max(0, size - MOST_PART);
  const bytes = readAt(open, from, size - from);
  let lines = bytes.at(-1) === NEWLINE ? -1 : 0;
  for (let at = bytes.length - 1; at >= 0; at--) {
    if (bytes[at] === NEWLINE && ++lines >= count) return from + at + 1;
  }
  return from;
}

const NEWLINE = 10;

function readPart(path: string, wanted: number, most: number): Omit<LogPart, "running"> {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return { size: 0, offset: 0, bytes: new Uint8Array(0) }; // nothing was written yet
  }
  using open = file;
  const { size } = open.statSync();
  const offset = wanted > size ? 0 : wanted;
  return { size, offset, bytes: readAt(open, offset, Math.min(most, size - offset)) };
}

function readAt(file: Deno.FsFile, offset: number, count: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, count));
  file.seekSync(offset, Deno.SeekMode.Start);
  let at = 0;
  while (at < bytes.length) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) break;
    at += read;
  }
  return bytes.subarray(0, at);
}
