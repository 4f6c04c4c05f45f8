/** What goes to standard output and standard error. Both are written at once, not when there is time. */
import { reasonOf } from "../runtime/paths.ts";

/** How long to wait where the other end takes nothing just now, in milliseconds. */
const PAUSE_MS = 10;

/** Writes a line to standard output. A reader that has left (`| head`) ends the program quietly. */
export function print(text: string): void {
  write(Deno.stdout, text + "\n");
}

/** Writes a line for the person to standard error. */
export function say(text: string): void {
  write(Deno.stderr, text + "\n");
}

/** Writes a part of a text to standard output, as it is. */
export function printPart(text: string): void {
  write(Deno.stdout, text);
}

/** Prints a value for programs. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

function write(stream: SyncWriter, text: string): void {
  try {
    writeAll(stream, text);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    if (stream === Deno.stdout) say(`beam: Cannot write to standard output: ${reasonOf(error)}.`);
    Deno.exit(1); // nobody hears what else there is to say
  }
}

/** What takes bytes at once, maybe not all. */
export interface SyncWriter {
  writeSync(bytes: Uint8Array): number;
}

/** Writes all of it. A pipe that somebody else made non-blocking is waited for, as others are by the kernel. */
export function writeAll(stream: SyncWriter, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += stream.writeSync(bytes.subarray(at));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
