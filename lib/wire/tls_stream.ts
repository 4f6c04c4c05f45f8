/**
 * A TLS connection that ends when it is closed. The runtime keeps the socket of a closed one until its
 * handshake is done and what is being written was taken: a peer that says nothing, or reads nothing, would
 * hold it for as long as it likes.
 */
import { cutOff } from "./cut_off.ts";
import type { SpliceStream } from "./splice.ts";

/** See the top of this file. */
export class TlsStream implements SpliceStream {
  #connection: Deno.TlsConn;
  /** The handshake is done. */
  #isOpen = false;
  #writing = 0;

  constructor(connection: Deno.TlsConn) {
    this.#connection = connection;
  }

  get localAddr(): Deno.Addr {
    return this.#connection.localAddr;
  }

  get remoteAddr(): Deno.Addr {
    return this.#connection.remoteAddr;
  }

  /** Settles when the other side is made sure of. @throws what the runtime answers */
  async handshake(): Promise<void> {
    await this.#connection.handshake();
    this.#isOpen = true;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = await this.#connection.read(buffer);
    this.#isOpen = true;
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    this.#writing++;
    try {
      return await this.#connection.write(bytes);
    } finally {
      this.#writing--;
    }
  }

  async closeWrite(): Promise<void> {
    this.#writing++;
    try {
      await this.#connection.closeWrite();
    } finally {
      this.#writing--;
    }
  }

  close(): void {
    if (!this.#isOpen || this.#writing > 0) cutOff(this.#connection);
    this.#connection.close();
  }
}
