/**
 * A port that takes connections, with TLS or without. With TLS it has a certificate, which can be
 * exchanged for another while connections that were made go on.
 */
import type { Certificate } from "./authority.ts";
import { sendAtOnce } from "./no_delay.ts";
import { TlsStream } from "./tls_stream.ts";
import { boundTo } from "./transport.ts";

/** The longest pause until a port is tried again while its certificate is exchanged, in milliseconds. */
const LONGEST_PAUSE = 100;

/** A connection that was taken. */
export interface Taken {
  stream: Deno.TcpConn | TlsStream;
  /** What proofs are bound to; absent: no TLS. */
  bound?: string;
}

type Inner = Deno.TcpListener | Deno.TlsListener;

/** See the top of this file. */
export class PortListener {
  readonly hostname: string;
  readonly port: number;
  #inner: Inner;
  #certificate: Certificate | undefined;
  #exchanged: Promise<void> | undefined;
  #closed = false;

  /** @throws what the system answers; Deno.errors.InvalidData for a certificate that is none. */
  constructor(where: { hostname: string; port: number }, certificate?: Certificate) {
    this.hostname = where.hostname;
    this.#certificate = certificate;
    this.#inner = listen(where, certificate);
    this.port = (this.#inner.addr as Deno.NetAddr).port;
  }

  /** The next connection. @throws {Deno.errors.BadResource} when it is closed */
  async accept(): Promise<Taken> {
    for (;;) {
      await this.#exchanged;
      const inner = this.#inner;
      try {
        const stream = await inner.accept();
        if (!("setNoDelay" in stream)) {
          return { stream: new TlsStream(stream), bound: boundTo(this.#certificate!.name) };
        }
        stream.setNoDelay(true);
        stream.setKeepAlive(true);
        return { stream };
      } catch (error) {
        if (this.#closed || (inner === this.#inner && !this.#exchanged)) throw error;
      }
    }
  }

  /**
   * Shows another certificate from now on. The runtime cannot change that of a listener: the port is
   * closed and opened again as soon as it is free, a few milliseconds later; who dials in between is
   * refused, and dials again ({@link connectTo}).
   */
  exchange(certificate: Certificate): void {
    if (this.#closed) return;
    this.#certificate = certificate;
    if (this.#exchanged) return; // it is opened with the newest
    this.#inner.close();
    const open = () => this.#inner = listen(this, this.#certificate);
    try {
      open();
    } catch {
      this.#exchanged = this.#again(open).finally(() => this.#exchanged = undefined);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#inner.close();
    } catch { /* between two certificates */ }
  }

  async #again(open: () => unknown): Promise<void> {
    for (let pause = 1; !this.#closed; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.#closed) return;
      try {
        open();
        return;
      } catch { /* another has it for now */ }
    }
  }
}

function listen(where: { hostname: string; port: number }, certificate?: Certificate): Inner {
  const { hostname, port } = where;
  if (!certificate) return Deno.listen({ hostname, port });
  const { certificate: cert, key } = certificate;
  const listener = Deno.listenTls({ hostname, port, cert, key });
  sendAtOnce((listener.addr as Deno.NetAddr).port);
  return listener;
}
