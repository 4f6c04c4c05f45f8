/** What goes to standard output and standard error. Both are written at once, not when there is time. */

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

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    if (!(error instanceof Deno.errors.WouldBlock)) throw error;
  }
}
