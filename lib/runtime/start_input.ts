/**
 * How daemon and head are spoken to by who starts them: a line of JSON on standard input, whose end
 * may be theirs, and lines of JSON on standard output.
 */

/** More than any configuration, in bytes. */
const MOST_LINE = 1 << 20;

/** Standard input: the configuration's line, then, where it is a lifeline, its end. */
export class StartInput {
  #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array> = Deno.stdin.readable) {
    this.#reader = stream.getReader();
  }

  /** The first line, without its end. */
  async line(): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    while (!text.includes("\n") && text.length < MOST_LINE) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
    return text.split("\n", 1)[0]!;
  }

  /** Settles at the end of the input. */
  async end(): Promise<void> {
    try {
      while (!(await this.#reader.read()).done);
    } catch { /* a broken pipe is an end too */ }
  }
}

/** One line of JSON on standard output; false where nobody reads it any more. */
export function tellStarter(message: Record<string, unknown>): boolean {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(message) + "\n"));
    return true;
  } catch {
    return false;
  }
}
