/** The head's port: lets in who can prove the token, and hands each over by its role. */
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { accept, type Identity, type Opened, type Role } from "../wire/handshake.ts";
import type { Ends } from "./node_links.ts";
import { holderText } from "./port_taken.ts";

const ROLES: readonly Role[] = ["node", "relay", "answer", "health"];
/** Strangers that may be in their opening at once; more are closed unheard. */
const MOST_OPENINGS = 1024;

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
  onOpened(opened: Opened, ends: Ends): void | Promise<void>;
  /** A connection that came to nothing, in words, where it is worth a line. */
  onRefused(peer: string, error: Error): void;
}

/** See the top of this file. */
export class Server {
  readonly port: number;
  #listener: Deno.TcpListener;
  #strangers = new Set<Deno.TcpConn>();
  #serving: Promise<void> | undefined;

  private constructor(listener: Deno.TcpListener) {
    this.#listener = listener;
    this.port = listener.addr.port;
  }

  /** Binds the one address. @throws PortError naming the port and who has it */
  static async listen({ host, port }: { host: string; port: number }): Promise<Server> {
    try {
      return new Server(Deno.listen({ hostname: host, port }));
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) {
        throw new PortError(
          `Cannot listen on port ${port} of ${host}: ${await holderText(host, port)}.`,
          `Choose another port with \`beam up --head --port N\`, or end what listens on ${port}.`,
          { cause: error },
        );
      }
      throw new PortError(
        `Cannot listen on port ${port} of ${host}: ${(error as Error).message}.`,
        "Give an address of this machine with --node-ip, and a port above 1023.",
        { cause: error },
      );
    }
  }

  /** Begins to take connections. */
  start(options: ServerOptions): void {
    this.#serving ??= this.#serve(options);
  }

  /** Takes no more connections; settles when none is in its opening. */
  async close(): Promise<void> {
    this.#listener.close();
    for (const stranger of this.#strangers) close(stranger);
    await this.#serving;
  }

  async #serve(options: ServerOptions): Promise<void> {
    const openings = new Set<Promise<void>>();
    for (;;) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) break;
        // The stranger was gone before it was taken, or this process has too many files open.
        await new Promise((resolve) => setTimeout(resolve, 10));
        continue;
      }
      if (openings.size >= MOST_OPENINGS) {
        close(conn);
        continue;
      }
      const opening = this.#open(conn, options).finally(() => openings.delete(opening));
      openings.add(opening);
    }
    await Promise.all(openings);
  }

  async #open(conn: Deno.TcpConn, options: ServerOptions): Promise<void> {
    const { hostname, port } = conn.remoteAddr;
    const peer = `${hostname}:${port}`;
    this.#strangers.add(conn);
    let opened: Opened;
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
      const { identity } = options;
      opened = await accept(conn, { identity, peer, now: Date.now(), roles: ROLES });
    } catch (error) {
      // A port probe, a browser, a scanner: no line for those who say nothing we understand.
      if (error instanceof RequestFailed) options.onRefused(peer, error);
      return close(conn);
    } finally {
      this.#strangers.delete(conn);
    }
    const ends = { remote_ip: hostname, local_ip: conn.localAddr.hostname, peer };
    // A relay is served for hours: its end is not the opening's business.
    Promise.resolve(options.onOpened(opened, ends)).catch((error) => {
      close(conn);
      if (!(error instanceof LinkClosed)) options.onRefused(peer, error);
    });
  }
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch { /* its opening has closed it */ }
}
