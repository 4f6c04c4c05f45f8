/** The head's port: lets in who can prove the token, and hands each over by its role. */
import { type Address, isEveryAddress } from "../wire/address.ts";
import type { Certificate } from "../wire/authority.ts";
import { connections } from "../wire/connections.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { isLoopback, LOOPBACK } from "../runtime/loopback.ts";
import { reasonOf } from "../runtime/paths.ts";
import { accept, type Identity, type Opened, type Role } from "../wire/handshake.ts";
import { PortListener, type Taken } from "../wire/port_listener.ts";
import { Strangers } from "../wire/strangers.ts";
import type { Ends } from "./node_links.ts";
import { holderText } from "./port_taken.ts";

const ROLES: readonly Role[] = ["node", "relay", "answer", "health"];
/** How often a port that is free on one address only is exchanged for another, where any will do. */
const MOST_TRIES = 20;

/** The port cannot be had; both sentences are fit for a user. */
export class PortError extends Error {
  override name = "PortError";

  constructor(message: string, readonly mend: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Where the server hands connections to. */
export interface ServerOptions {
  identity: Identity & { cluster: string };
  /** The secret of a join token. @throws {RequestFailed} where it is not good */
  join(id: string, peer: string): Uint8Array;
  /** Milliseconds since the epoch. */
  now(): number;
  onOpened(opened: Opened, ends: Ends): void | Promise<void>;
  /** A connection that came to nothing, in words, where it is worth a line. */
  onRefused(peer: string, error: Error): void;
}

/** Where connections come from. */
export interface Port {
  readonly port: number;
  start(options: ServerOptions): void;
  /** Shows another certificate from now on. */
  exchange?(certificate: Certificate): void;
  close(): Promise<void>;
}

/** See the top of this file. */
export class Server implements Port {
  readonly port: number;
  #listeners: PortListener[];
  #strangers = new Strangers();
  #serving: Promise<void> | undefined;

  private constructor(listeners: [PortListener, ...PortListener[]]) {
    this.#listeners = listeners;
    this.port = listeners[0].port;
  }

  /**
   * Binds the address and, beside one that other machines see, the same port on loopback: programs
   * of the head's machine look for it there.
   * @param certificate absent: no TLS
   * @throws PortError naming the port and who has it
   */
  static async listen({ host, port }: Address, certificate?: Certificate): Promise<Server> {
    const withLoopback = !isEveryAddress(host) && !isLoopback(host);
    for (let tries = 1;; tries++) {
      const listener = await bind(host, port, certificate);
      if (!withLoopback) return new Server([listener]);
      try {
        return new Server([listener, await bind(LOOPBACK, listener.port, certificate)]);
      } catch (error) {
        listener.close();
        const isTaken = (error as Error).cause instanceof Deno.errors.AddrInUse;
        if (port !== 0 || !isTaken || tries === MOST_TRIES) throw error;
      }
    }
  }

  /** Begins to take connections. */
  start(options: ServerOptions): void {
    this.#serving ??= this.#serve(options);
  }

  /** Shows another certificate from now on. */
  exchange(certificate: Certificate): void {
    for (const listener of this.#listeners) listener.exchange(certificate);
  }

  /** Takes no more connections; settles when none is in its opening. */
  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#strangers.close();
    await this.#serving;
  }

  async #serve(options: ServerOptions): Promise<void> {
    const openings = new Set<Promise<void>>();
    await Promise.all(this.#listeners.map((listener) => this.#take(listener, openings, options)));
    await Promise.all(openings);
  }

  async #take(
    listener: PortListener,
    openings: Set<Promise<void>>,
    options: ServerOptions,
  ): Promise<void> {
    for await (const taken of connections(listener)) {
      const opening = this.#open(taken, options).finally(() => openings.delete(opening));
      openings.add(opening);
    }
  }

  async #open({ stream: conn, bound }: Taken, options: ServerOptions): Promise<void> {
    const { hostname, port } = conn.remoteAddr as Deno.NetAddr;
    const peer = `${hostname}:${port}`;
    this.#strangers.add(hostname, conn);
    let opened: Opened;
    try {
      const { identity, join } = options;
      const now = options.now();
      // Without its port, which is another each time: who is refused again is told the same.
      opened = await accept(conn, { identity, peer: hostname, bound, now, roles: ROLES, join });
    } catch (error) {
      // A port probe, a browser, a scanner: no line for those who say nothing we understand.
      if (error instanceof RequestFailed) options.onRefused(hostname, error);
      return close(conn);
    } finally {
      this.#strangers.delete(hostname, conn);
    }
    const ends = { remote_ip: hostname, local_ip: (conn.localAddr as Deno.NetAddr).hostname, peer };
    // A relay is served for hours: its end is not the opening's business.
    Promise.resolve(options.onOpened(opened, ends)).catch((error) => {
      close(conn);
      if (!(error instanceof LinkClosed)) options.onRefused(peer, error);
    });
  }
}

async function bind(host: string, port: number, certificate?: Certificate): Promise<PortListener> {
  try {
    return new PortListener({ hostname: host, port }, certificate);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new PortError(
        `Cannot listen on port ${port} of ${host}: ${await holderText(host, port)}.`,
        `Choose another port with \`beam up --head --port N\`, or end what listens on ${port}.`,
        { cause: error },
      );
    }
    const isElsewhere = error instanceof Deno.errors.AddrNotAvailable;
    throw new PortError(
      `Cannot listen on port ${port} of ${host}: ` +
        (isElsewhere ? "it is no address of this machine." : `${reasonOf(error)}.`),
      isElsewhere
        ? "Give an address of this machine with --node-ip; where others reach it by another one, " +
          "add --listen 0.0.0.0."
        : error instanceof Deno.errors.PermissionDenied
        ? "Choose a port above 1023 with `beam up --head --port N`."
        : "Give another address of this machine with --node-ip or --listen.",
      { cause: error },
    );
  }
}

function close(conn: Taken["stream"]): void {
  try {
    conn.close();
  } catch { /* its opening has closed it */ }
}
