/** Where the processes of a test tell how far they are, and wait for its word: JSON lines on a Unix socket. */
import { soon } from "../../e2e/harness/until.ts";

/** One process that has connected. */
export class Held {
  readonly #lines: string[] = [];
  #over = false;
  #wake: () => void = () => {};

  constructor(readonly connection: Deno.Conn) {
    void this.#read();
  }

  /** Its next line; undefined when it has ended. */
  // deno-lint-ignore no-explicit-any
  async next(what: string, patience?: number): Promise<any> {
    const line = await soon(what, this.#line(), patience);
    return line === undefined ? undefined : JSON.parse(line);
  }

  /** Lets it go on. */
  async release(): Promise<void> {
    // It may have been killed.
    await this.connection.write(new TextEncoder().encode("\n")).catch(() => {});
  }

  close(): void {
    try {
      this.connection.close();
    } catch { /* it is closed */ }
  }

  async #line(): Promise<string | undefined> {
    while (this.#lines.length === 0) {
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#lines.shift();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const bytes of this.connection.readable) {
        text += decoder.decode(bytes, { stream: true });
        const lines = text.split("\n");
        text = lines.pop()!;
        this.#lines.push(...lines);
        this.#wake();
      }
    } catch { /* it was killed */ }
    this.#over = true;
    this.#wake();
  }
}

/** See the top of this file. */
export class Listener implements Disposable {
  readonly #listener: Deno.UnixListener;
  readonly #all: Held[] = [];

  constructor(readonly path: string) {
    this.#listener = Deno.listen({ transport: "unix", path });
  }

  /** The next process that connects. */
  async accept(what: string, patience?: number): Promise<Held> {
    const held = new Held(await soon(what, this.#listener.accept(), patience));
    this.#all.push(held);
    return held;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const held of this.#all) held.close();
  }
}
