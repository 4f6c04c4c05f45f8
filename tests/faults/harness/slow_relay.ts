/** A relay between two TCP ports in user space: what passes is delayed, held back or cut off. */

/** See the top of this file. */
export class SlowRelay implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;
  /** How late everything arrives, in milliseconds. */
  delay = 0;
  #held: Promise<void> = Promise.resolve();
  #letGo: () => void = () => {};

  /** @param target the port of 127.0.0.1 to which it leads. */
  constructor(readonly target: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#serving = this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Lets nothing through until {@link letGo}; connections stay. */
  hold(): void {
    this.#held = new Promise((resolve) => this.#letGo = resolve);
  }

  letGo(): void {
    this.#letGo();
  }

  /** Ends all connections; new ones are taken. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    this.#listener.close();
    this.cut();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.target }).catch(() => {});
      if (!far) {
        near.close();
        continue;
      }
      near.setNoDelay(true);
      far.setNoDelay(true);
      this.#connections.add(near).add(far);
      void this.#pass(near, far);
      void this.#pass(far, near);
    }
  }

  /** Reads as fast as bytes come, and writes each part when its time is there, in order. */
  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    let last = Promise.resolve();
    try {
      for (const bytes = new Uint8Array(65536);;) {
        const size = await from.read(bytes);
        if (size === null) break;
        const part = bytes.slice(0, size);
        const due = new Promise((resolve) => setTimeout(resolve, this.delay));
        last = last.then(async () => {
          await due;
          await this.#held;
          for (let at = 0; at < part.length;) at += await to.write(part.subarray(at));
        });
        last.catch(() => {}); // the other way has seen it too
      }
      await last;
    } catch { /* cut, or ended by a side */ }
    for (const one of [from, to]) {
      close(one);
      this.#connections.delete(one);
    }
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch { /* it is closed */ }
}
