/**
 * What goes to standard output and standard error. Both are written at once, not when there is time, and
 * without what names and messages of others would have a terminal do.
 */
import { reasonOf } from "../runtime/paths.ts";
import { harmless } from "./terminal.ts";

/** How long to wait where the other end takes nothing just now, in milliseconds. */
const PAUSE_MS = 10;

/** Writes a line to standard output. A reader that has left (`| head`) ends the program quietly. */
export function print(text: string): void {
  write(Deno.stdout, harmless(text) + "\n");
}

/** Writes a line for the person to standard error. */
export function say(text: string): void {
  write(Deno.stderr, harmless(text) + "\n");
}

/** Writes a part of a text to standard output as it is: a log's. */
export function printPart(text: string): void {
  write(Deno.stdout, text);
}

/** Prints a value for programs. */
export function printJson(value: unknown): void {
  // What a terminal would take for an order, and JSON does not escape by itself.
  const escaped = (text: string) =>
    text.replace(/[\x7f-\x9f]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
  print(escaped(JSON.stringify(value, null, 2)));
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
