/** The HTTP server of the head: where it listens, and its life. */
import { isLoopback, LOOPBACK } from "../runtime/loopback.ts";
import { reasonOf } from "../runtime/paths.ts";
import { type Address, addressText, isEveryAddress } from "../wire/address.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { Guard, type GuardLimits } from "./guard.ts";
import { Login } from "./login.ts";
import { type Door, route } from "./router.ts";

/** The port that Ray's tools look for. */
export const DASHBOARD_PORT = 8265;

/** What a server is made from. */
export interface DashboardOptions {
  host: DashboardHost;
  listen: Address;
  /** Each of them opens it. */
  tokens(): readonly string[];
  /** Further names by which it may be called. */
  names: readonly string[];
  /** The Unix socket between its two halves; in a folder of this user alone. */
  socket: string;
  limits?: GuardLimits;
}

/** See the top of this file. */
export class Dashboard {
  readonly port: number;
  /** `host:port` as programs of this machine reach it. */
  readonly address: string;
  #guard: Guard;
  #server: Deno.HttpServer;

  private constructor(listeners: Deno.TcpListener[], options: DashboardOptions) {
    const { host, listen, tokens, socket } = options;
    this.port = listeners[0]!.addr.port;
    this.address = addressText({
      host: isEveryAddress(listen.host) || isLoopback(listen.host) ? LOOPBACK : listen.host,
      port: this.port,
    });
    const inside = isLoopback(listen.host);
    const names = [...options.names, ...inside ? [] : [Deno.hostname()]];
    const { cluster, page } = host;
    const door: Door = {
      login: new Login({ sessions: page.sessions, now: () => page.now(), cluster }),
      tokens,
      names: names.map((name) => name.toLowerCase()),
      loopbackOnly: inside,
    };
    remove(socket);
    this.#server = Deno.serve({
      transport: "unix",
      path: socket,
      onListen() {},
      onError: (error) => {
        host.failed("a request", error);
        return new Response(null, { status: 500 });
      },
    }, (request) => route(host, door, request));
    this.#guard = new Guard(listeners, socket, options.limits);
  }

  /**
   * Begins to listen: on the address given and, beside one that other machines see, on loopback.
   * @throws what the system answers where the port cannot be had.
   */
  static listen(options: DashboardOptions): Dashboard {
    const { host: hostname, port } = options.listen;
    const first = Deno.listen({ hostname, port });
    if (isEveryAddress(hostname) || isLoopback(hostname)) return new Dashboard([first], options);
    try {
      const second = Deno.listen({ hostname: LOOPBACK, port: first.addr.port });
      return new Dashboard([first, second], options);
    } catch (error) {
      first.close();
      throw error;
    }
  }

  /** Ends it; requests that are under way are cut. */
  async close(): Promise<void> {
    await this.#guard.close();
    await this.#server.shutdown();
  }
}

/** Why a port could not be had, as the end of a sentence. */
export function listenFault(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another program holds it";
  if (error instanceof Deno.errors.AddrNotAvailable) return "it is no address of this machine";
  return reasonOf(error);
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* there was none */ }
}
