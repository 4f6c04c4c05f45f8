/**
 * The door of the HTTP server: takes TCP connections and hands each, as bytes, to the server behind a
 * Unix socket. The runtime's server waits for ever for a peer that says nothing; here a peer has so
 * long for a request's head, a connection on which nothing moves ends, and there are only so many: for
 * one more another has to go, of the address with the most, and before all others one that asks nothing.
 * So who opens connections keeps nobody out, also at the same address. What the bytes mean is not looked at, but for the end of the head. Of the server's own peer, a Unix
 * socket, nothing can be learnt: so the guard adds to each request from where it came.
 */
import { connections } from "../wire/connections.ts";
import { writeAll } from "../wire/link.ts";
import { sourceOf } from "../wire/strangers.ts";

/** How much a peer may use. Times in milliseconds. */
export interface GuardLimits {
  /** From the connection to the end of the request's head. */
  head_ms: number;
  /** Without a byte in either direction. */
  idle_ms: number;
  /** Connections at once. */
  connections: number;
  /** So many of them from one address. */
  each: number;
  /** Bytes of a head. */
  head_bytes: number;
}

/** What the dashboard uses. */
export const GUARD_LIMITS: Readonly<GuardLimits> = {
  head_ms: 10_000,
  idle_ms: 60_000,
  connections: 256,
  each: 128,
  head_bytes: 64 * 1024,
};

const LF = 10;
const BUFFER = 64 * 1024;
/** The header that the guard adds, before all others. */
const PEER_HEADER = "x-beam-peer";

/** The address from which a request came; what the request itself may say of that comes after it. */
export function peerOf(headers: Headers): string {
  return headers.get(PEER_HEADER)?.split(",")[0] ?? "";
}

/** See the top of this file. */
export class Guard {
  #open = new Set<GuardedConnection>();
  /** Those that count, by source. */
  #sources = new Map<string, Set<GuardedConnection>>();
  #size = 0;
  #serving: Promise<unknown>;

  /**
   * @param listeners where peers come to
   * @param path the Unix socket of the server behind
   */
  constructor(
    readonly listeners: readonly Deno.TcpListener[],
    readonly path: string,
    readonly limits: GuardLimits = GUARD_LIMITS,
  ) {
    this.#serving = Promise.all(listeners.map((listener) => this.#take(listener)));
  }

  /** Takes no more, and ends what there is. */
  async close(): Promise<void> {
    for (const listener of this.listeners) listener.close();
    const open = [...this.#open];
    for (const connection of open) connection.close();
    await Promise.all([this.#serving, ...open.map((connection) => connection.ended)]);
  }

  async #take(listener: Deno.TcpListener): Promise<void> {
    for await (const peer of connections(listener)) {
      const { hostname } = peer.remoteAddr as Deno.NetAddr;
      this.#makeRoom(sourceOf(hostname));
      const connection = new GuardedConnection(peer, hostname, this.path, this.limits);
      this.#open.add(connection);
      const group = this.#sources.get(sourceOf(hostname)) ?? new Set();
      this.#sources.set(sourceOf(hostname), group.add(connection));
      this.#size++;
      connection.ended.then(() => {
        this.#open.delete(connection);
        this.#forget(connection);
      });
    }
  }

  /** For one more from there. */
  #makeRoom(source: string): void {
    const { connections, each } = this.limits;
    const own = this.#sources.get(source);
    const full = own !== undefined && own.size >= each
      ? own
      : this.#size >= connections
      ? [...this.#sources.values()].reduce((most, one) => one.size > most.size ? one : most)
      : undefined;
    if (!full) return;
    const least = [...full].reduce((one, other) => other.isBefore(one) ? other : one);
    this.#forget(least);
    least.close();
  }

  #forget(connection: GuardedConnection): void {
    const source = sourceOf(connection.from);
    const group = this.#sources.get(source);
    if (!group?.delete(connection)) return;
    this.#size--;
    if (group.size === 0) this.#sources.delete(source);
  }
}

/** How far a connection has come. */
const STAGE = { asking: 0, asked: 1, answered: 2 } as const;

class GuardedConnection {
  /** Settles, never rejects, when both sides are closed. */
  readonly ended: Promise<void>;
  #server: Deno.Conn | undefined;
  #closed = false;
  #idle: number | undefined;
  #stage: number = STAGE.asking;
  /** When a byte moved last. */
  #at = performance.now();

  constructor(
    readonly peer: Deno.TcpConn,
    readonly from: string,
    path: string,
    readonly limits: GuardLimits,
  ) {
    this.ended = this.#run(path);
  }

  /** True where this one gives way before the other. */
  isBefore(other: GuardedConnection): boolean {
    return this.#stage === other.#stage ? this.#at < other.#at : this.#stage < other.#stage;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    for (const side of [this.peer, this.#server]) {
      try {
        side?.close();
      } catch { /* closed already */ }
    }
  }

  async #run(path: string): Promise<void> {
    try {
      this.#server = await Deno.connect({ transport: "unix", path });
      if (this.#closed) return;
      this.#moved();
      await Promise.all([this.#forth(this.#server), this.#back(this.#server)]);
    } catch {
      /* one of the two is gone: the other has no use for the connection */
    } finally {
      this.close();
    }
  }

  async #forth(server: Deno.Conn): Promise<void> {
    const head = new HeadEnd(this.limits.head_bytes);
    const late = setTimeout(() => this.close(), this.limits.head_ms);
    const buffer = new Uint8Array(BUFFER);
    let begun = false;
    try {
      for (let n = await this.peer.read(buffer); n !== null; n = await this.peer.read(buffer)) {
        this.#moved();
        const bytes = buffer.subarray(0, n);
        // A line ends with LF, whatever is before it: a request has one connection, and this is its first.
        const line = begun ? 0 : bytes.indexOf(LF) + 1;
        if (line > 0) {
          begun = true;
          await writeAll(server, bytes.subarray(0, line));
          await writeAll(server, new TextEncoder().encode(`${PEER_HEADER}: ${this.from}\r\n`));
        }
        await writeAll(server, bytes.subarray(line));
        if (!head.seen(bytes)) continue;
        clearTimeout(late);
        this.#stage = Math.max(this.#stage, STAGE.asked);
      }
    } finally {
      clearTimeout(late);
    }
    await server.closeWrite();
  }

  async #back(server: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(BUFFER);
    for (let n = await server.read(buffer); n !== null; n = await server.read(buffer)) {
      this.#stage = STAGE.answered;
      await writeAll(this.peer, buffer.subarray(0, n));
      this.#moved();
    }
    // Every answer ends its connection: what the peer still says is for nobody.
    this.close();
  }

  #moved(): void {
    this.#at = performance.now();
    clearTimeout(this.#idle);
    if (!this.#closed) this.#idle = setTimeout(() => this.close(), this.limits.idle_ms);
  }
}

/** Finds the empty line that ends a request's head, also where it comes in parts. */
export class HeadEnd {
  #count = 0;
  /** How many of the bytes CR LF CR LF were seen last. */
  #matched = 0;

  constructor(readonly most: number) {}

  /** True once the head has ended. @throws {RangeError} where it is longer than `most` bytes. */
  seen(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      if (this.#matched === 4) return true;
      const wanted = this.#matched % 2 === 0 ? 13 : 10;
      this.#matched = byte === wanted ? this.#matched + 1 : byte === 13 ? 1 : 0;
      if (++this.#count > this.most) {
        throw new RangeError(`A request's head must have at most ${this.most} bytes`);
      }
    }
    return this.#matched === 4;
  }
}
