/** Turns a worker's output into lines, without trusting their length. */

/** Longer lines are cut. In bytes. */
export const LINE_LIMIT = 16 * 1024;

const NEWLINE = 0x0a;

/** Bytes in, lines out; a line without its end waits. */
export class LineSplitter {
  #partial = new Uint8Array(0);
  /** Bytes of the present line that were left out. */
  #left = 0;
  #decoder = new TextDecoder();

  /** Lines that are complete with these bytes. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      this.#take(bytes.subarray(at, end));
      lines.push(this.#line());
      at = end + 1;
    }
    this.#take(bytes.subarray(at));
    return lines;
  }

  /** The last line, where its end never came. */
  flush(): string[] {
    return this.#partial.length === 0 && this.#left === 0 ? [] : [this.#line()];
  }

  #take(bytes: Uint8Array): void {
    const room = Math.max(0, LINE_LIMIT - this.#partial.length);
    const kept = bytes.subarray(0, room);
    this.#left += bytes.length - kept.length;
    if (kept.length === 0) return;
    const whole = new Uint8Array(this.#partial.length + kept.length);
    whole.set(this.#partial);
    whole.set(kept, this.#partial.length);
    this.#partial = whole;
  }

  #line(): string {
    const text = this.#decoder.decode(this.#partial).replace(/\r$/, "");
    const line = this.#left > 0 ? `${text} … (${this.#left} bytes left out)` : text;
    this.#partial = new Uint8Array(0);
    this.#left = 0;
    return line;
  }
}
