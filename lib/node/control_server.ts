/** The daemon's control socket: takes connections and makes clients of them. */
import { connections } from "../wire/connections.ts";
import { Link, type Received } from "../wire/link.ts";
import { Client } from "./client.ts";

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
    Deno.chmodSync(path, 0o600);
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
    for await (const stream of connections(this.#listener)) this.#take(stream);
  }

  #take(stream: Deno.Conn): void {
    const client = new Client(`c${++this.#count}`);
    client.link = new Link(stream, {
      peer: `client ${client.id}`,
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
