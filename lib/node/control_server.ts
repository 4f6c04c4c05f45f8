/** The daemon's control socket: takes connections and makes clients of them. */
import { FILE, likeDirectory } from "../runtime/group_access.ts";
import { connections } from "../wire/connections.ts";
import { RequestFailed } from "../wire/errors.ts";
import { CLIENT_LIMITS } from "../wire/frames.ts";
import { Link, type Received } from "../wire/link.ts";
import { Client } from "./client.ts";

/** How long a client for whom there is no room may take to say what it wants, in milliseconds. */
const TURNING_AWAY = 1000;

/** What happens at the socket. */
export interface ControlHandlers {
  /** A message. What it throws closes the client's link. */
  message(client: Client, received: Received): void;
  /** The client's link ended. */
  gone(client: Client, reason: Error): void;
}

/** See the top of this file. */
export class ControlServer {
  readonly clients = new Set<Client>();
  #listener: Deno.Listener;
  #count = 0;
  #accepting: Promise<void>;

  /** @throws what the system answers where the socket cannot be made. */
  constructor(readonly path: string, readonly handlers: ControlHandlers) {
    try {
      Deno.removeSync(path); // an ended daemon's
    } catch { /* there was none */ }
    this.#listener = Deno.listen({ transport: "unix", path });
    likeDirectory(path, FILE.write);
    this.#accepting = this.#accept();
  }

  /** The client of this id, or undefined where it is gone. */
  client(id: string): Client | undefined {
    for (const client of this.clients) if (client.id === id) return client;
    return undefined;
  }

  /** Takes no more clients, ends the links of those there are (but of `spared`), removes the socket. */
  async close(spared?: Client): Promise<void> {
    this.#listener.close();
    for (const client of this.clients) if (client !== spared) client.link.close();
    await this.#accepting;
    try {
      Deno.removeSync(this.path);
    } catch { /* the runtime may have removed it */ }
  }

  async #accept(): Promise<void> {
    const taken = connections(this.#listener, (stream) => this.#turnAway(stream));
    for await (const stream of taken) this.#take(stream);
  }

  /** This process can open no more files: the first request is refused with that, or who makes none in time. */
  async #turnAway(stream: Deno.Conn): Promise<void> {
    const end = () => link.flushed().then(() => link.close());
    const link = new Link(stream, {
      peer: "a client that is turned away",
      onMessage: (received) => {
        link.refuse(received, noFiles());
        end();
      },
    });
    link.start();
    const timer = setTimeout(() => {
      const { code, message, mend } = noFiles();
      link.send({ kind: "refused", code, message, ...(mend !== undefined && { mend }) });
      end();
    }, TURNING_AWAY);
    await link.closed;
    clearTimeout(timer);
  }

  #take(stream: Deno.Conn): void {
    const client = new Client(`c${++this.#count}`);
    client.link = new Link(stream, {
      peer: `client ${client.id}`,
      limits: CLIENT_LIMITS,
      onMessage: (received) => this.handlers.message(client, received),
    });
    this.clients.add(client);
    client.link.closed.then((reason) => {
      this.clients.delete(client);
      client.gone.abort();
      this.handlers.gone(client, reason);
    });
    client.link.start();
  }
}

function noFiles(): RequestFailed {
  return new RequestFailed(
    "busy",
    "Cannot take another program: the node daemon has as many files open as it may.",
    "End programs of this node, or start it with a higher limit (`ulimit -n`).",
  );
}
