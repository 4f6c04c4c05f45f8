/**
 * High ports that a node opens for some seconds, for the others to try. Whoever says the run's nonce is
 * answered by the node's, and then told when the bytes of a large write have come; nothing else is said.
 */
import { closeQuietly } from "../../wire/close_quietly.ts";
import { connections } from "../../wire/connections.ts";
import { writeAll } from "../../wire/link.ts";
import { isEveryAddress } from "../../wire/address.ts";
import { LARGE } from "./probe.ts";

/** Connections at a time; further ones are closed unheard. */
const MOST = 512;

/** What it says and expects, each {@link NONCE} bytes. */
export interface ProbeWords {
  ask: Uint8Array;
  answer: Uint8Array;
}

/** See the top of this file. */
export class ProbeListener {
  readonly port: number;
  #listener: Deno.TcpListener;
  #open = new Set<Deno.TcpConn>();
  #stop: number;

  /**
   * @param ms for how long it listens
   * @throws what the system answers
   */
  constructor(readonly address: string, readonly words: ProbeWords, ms: number) {
    this.#listener = listen(address);
    this.port = this.#listener.addr.port;
    this.#stop = setTimeout(() => this.close(), ms);
    void this.#serve();
  }

  /** Ends it, and what is connected. */
  close(): void {
    clearTimeout(this.#stop);
    closeQuietly(this.#listener);
    for (const connection of this.#open) closeQuietly(connection);
  }

  async #serve(): Promise<void> {
    for await (const connection of connections(this.#listener)) {
      if (this.#open.size >= MOST) {
        closeQuietly(connection);
        continue;
      }
      this.#open.add(connection);
      void this.#answer(connection).catch(() => {/* the dialer says what it saw */}).finally(() => {
        this.#open.delete(connection);
        closeQuietly(connection);
      });
    }
  }

  async #answer(connection: Deno.TcpConn): Promise<void> {
    const { ask, answer } = this.words;
    const said = new Uint8Array(ask.length);
    if (!await readFully(connection, said) || said.some((byte, at) => byte !== ask[at])) return;
    await writeAll(connection, answer);
    if (await readFully(connection, new Uint8Array(LARGE))) await writeAll(connection, answer);
  }
}

/** A node may be known by an address that its machine does not have (behind a translation). */
function listen(hostname: string): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port: 0 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrNotAvailable) || isEveryAddress(hostname)) throw error;
    return Deno.listen({ hostname: "0.0.0.0", port: 0 });
  }
}

/** Fills the buffer; false where the stream ends before. */
export async function readFully(
  stream: { read(buffer: Uint8Array): Promise<number | null> },
  buffer: Uint8Array,
): Promise<boolean> {
  for (let at = 0; at < buffer.length;) {
    const count = await stream.read(buffer.subarray(at));
    if (count === null) return false;
    at += count;
  }
  return true;
}
