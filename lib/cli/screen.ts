/**
 * A terminal's whole screen, for pictures that are drawn again and again: the alternate one, so that what
 * stood there comes back, each picture written in one go over the last, so that nothing flickers. Keys
 * scroll; `q` and Ctrl-C end it.
 */
import { cutLine } from "./screen_text.ts";
import { harmless, painted, terminalHeight, terminalWidth } from "./terminal.ts";

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
/** Terminals that know it show what is between the two at once. */
const [BEGIN, END] = ["\x1b[?2026h", "\x1b[?2026l"];
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What is to be seen: lines that stay on top, and those that scroll below. */
export interface Picture {
  head: readonly string[];
  body: readonly string[];
}

/** See the top of this file. */
export class Screen implements Disposable {
  /** Aborts when the person wants it to end. */
  readonly ended: AbortSignal;
  readonly #ending = new AbortController();
  readonly #keys: boolean;
  #picture: Picture = { head: [], body: [] };
  #top = 0;
  #onKey: (key: string) => void;

  /** @param onKey is told of keys that are not the screen's own */
  constructor(onKey: (key: string) => void = () => {}) {
    this.ended = this.#ending.signal;
    this.#onKey = onKey;
    this.#keys = Deno.stdin.isTerminal();
    write(ENTER);
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#end);
    Deno.addSignalListener("SIGWINCH", this.#redraw);
    if (!this.#keys) return;
    Deno.stdin.setRaw(true, { cbreak: true });
    void this.#readKeys();
  }

  /** Shows another picture. */
  draw(picture: Picture): void {
    this.#picture = picture;
    this.#redraw();
  }

  /** Settles after `ms` milliseconds, or at the end. */
  pause(ms: number): Promise<void> {
    if (this.ended.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.ended.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.ended.addEventListener("abort", done, { once: true });
    });
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#end);
    Deno.removeSignalListener("SIGWINCH", this.#redraw);
    if (this.#keys) Deno.stdin.setRaw(false);
    write(LEAVE);
  }

  readonly #end = () => this.#ending.abort();

  readonly #redraw = () => {
    const { head, body } = this.#picture;
    const [width, height] = [terminalWidth(), terminalHeight()];
    const room = Math.max(1, height - head.length);
    const cut = body.length > room;
    const seen = cut ? room - 1 : room;
    this.#top = Math.max(0, Math.min(this.#top, body.length - seen));
    const lines = [...head, ...body.slice(this.#top, this.#top + seen)];
    if (cut) {
      const to = Math.min(body.length, this.#top + seen);
      lines.push(painted(`lines ${this.#top + 1}–${to} of ${body.length}; arrows scroll`, "dim"));
    }
    const text = lines.slice(0, height).map((line) => `${cutLine(harmless(line), width)}\x1b[K`)
      .join("\r\n");
    write(`${BEGIN}\x1b[H${text}\x1b[J${END}`);
  };

  async #readKeys(): Promise<void> {
    const buffer = new Uint8Array(64);
    while (!this.ended.aborted) {
      const count = await Deno.stdin.read(buffer).catch(() => null);
      if (count === null) return; // the terminal is gone, or has no keys: signals are left
      this.#key(new TextDecoder().decode(buffer.subarray(0, count)));
    }
  }

  #key(key: string): void {
    if (key === "q" || key === "\x03") return this.#end();
    const page = terminalHeight() - this.#picture.head.length - 2;
    const steps: Record<string, number> = {
      "\x1b[A": -1,
      k: -1,
      "\x1b[B": 1,
      j: 1,
      "\x1b[5~": -page,
      "\x1b[6~": page,
      " ": page,
      "\x1b[H": -Infinity,
      "\x1b[F": Infinity,
    };
    const step = steps[key];
    if (step === undefined) return this.#onKey(key);
    this.#top = Math.max(0, Math.min(this.#top + step, this.#picture.body.length));
    this.#redraw();
  }
}

function write(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch { /* the terminal is gone: a signal says so too */ }
}
