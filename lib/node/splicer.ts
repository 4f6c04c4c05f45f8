/**
 * The node's port: callers on other machines come here, prove themselves, name a worker or a process,
 * and are joined to its socket. From then on bytes are copied and nothing is looked at. Other daemons
 * fetch files here.
 */
import { reasonOf } from "../runtime/paths.ts";
import { addressText } from "../wire/address.ts";
import type { Certificate } from "../wire/authority.ts";
import { closeQuietly } from "../wire/close_quietly.ts";
import { connections } from "../wire/connections.ts";
import { LinkClosed, ProtocolError, RequestFailed } from "../wire/errors.ts";
import { encodeFrame } from "../wire/frames.ts";
import {
  accept,
  expectMessage,
  type Identity,
  type Opened,
  refuseStream,
} from "../wire/handshake.ts";
import type { KeyedStreams } from "../wire/keyed_streams.ts";
import { writeAll } from "../wire/link.ts";
import type { Fields } from "../wire/messages.ts";
import { splice } from "../wire/splice.ts";
import { PortListener, type Taken } from "../wire/port_listener.ts";
import { Strangers } from "../wire/strangers.ts";
import { type FileSource, serveFile } from "./file_stream.ts";

/** The port that is tried first. */
export const NODE_PORT = 6380;
/** How many ports after it are tried. */
const TRIED = 200;

/** What the port needs. */
export interface SplicerHost {
  identity(): Identity & { cluster: string };
  /** The socket of that worker or process, or undefined where it is not here. */
  socketOf(wanted: Fields<"splice">): Promise<string | undefined>;
  /** What daemons of other nodes may fetch. */
  sources: ReadonlyMap<string, FileSource>;
  /** Ends streams; closed with the port. */
  streams: KeyedStreams;
  log(text: string): void;
}

/** See the top of this file. */
export class Splicer {
  readonly port: number;
  #listener: PortListener;
  #running = new Set<Promise<void>>();
  #strangers = new Strangers();
  #accepting: Promise<void>;

  /** @throws {RequestFailed} where the wanted port cannot be had. */
  constructor(readonly host: SplicerHost, where: Where) {
    this.#listener = listenNear(where);
    this.port = this.#listener.port;
    this.#accepting = this.#accept();
  }

  /** Shows another certificate from now on. */
  exchange(certificate: Certificate): void {
    this.#listener.exchange(certificate);
  }

  /** Ends all streams and the port. */
  async close(): Promise<void> {
    this.#listener.close();
    this.#strangers.close();
    this.host.streams.close(new LinkClosed("The node is being ended"));
    await this.#accepting;
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const taken of connections(this.#listener)) {
      const running = this.#serve(taken).catch((error) => {
        closeQuietly(taken.stream);
        if (!(error instanceof LinkClosed)) this.host.log(`A caller was refused: ${error.message}`);
      });
      this.#running.add(running);
      running.finally(() => this.#running.delete(running));
    }
  }

  async #serve(taken: Taken): Promise<void> {
    const { stream } = taken;
    const peer = `caller ${(stream.remoteAddr as Deno.NetAddr).hostname}`;
    const opened = await this.#open(taken, peer);
    if (opened.role === "health") return stream.close();
    await this.host.streams.hold(opened.key, (signal) => this.#carry(opened, peer, signal));
  }

  async #carry(opened: Opened, peer: string, signal: AbortSignal): Promise<void> {
    if (opened.role === "object") {
      return await serveFile(opened, this.host.sources, { peer, signal });
    }
    const far = opened.stream;
    const wanted = await expectMessage(opened, "splice", { peer });
    const path = await this.host.socketOf(wanted);
    if (path === undefined) return await refuseStream(far, gone(wanted, "it is not there"));
    let worker: Deno.UnixConn;
    try {
      worker = await Deno.connect({ transport: "unix", path });
    } catch (error) {
      return await refuseStream(far, gone(wanted, (error as Error).message));
    }
    await writeAll(far, encodeFrame({ kind: "spliced" })).catch(() => {});
    const { error } = await splice(far, worker, { signal });
    if (error instanceof ProtocolError) this.host.log(error.message);
  }

  async #open({ stream, bound }: Taken, peer: string): Promise<Opened> {
    const { hostname } = stream.remoteAddr as Deno.NetAddr;
    this.#strangers.add(hostname, stream);
    try {
      return await accept(stream, {
        identity: this.host.identity(),
        peer,
        bound,
        now: Date.now(),
        roles: ["caller", "object", "health"],
      });
    } finally {
      this.#strangers.delete(hostname, stream);
    }
  }
}

function gone({ actor_id, process }: Fields<"splice">, why: string): RequestFailed {
  return process
    ? new RequestFailed("process_gone", `Cannot reach the process ${process}: ${why}`)
    : new RequestFailed("gone", `Cannot reach actor ${actor_id} on this node: ${why}`);
}

interface Where {
  ip: string;
  port?: number;
  certificate?: Certificate | undefined;
}

function listenNear({ ip, port, certificate }: Where): PortListener {
  const first = port ?? NODE_PORT;
  const last = port === undefined ? first + TRIED : first;
  for (let at = first; at <= last; at++) {
    try {
      return listenOn(ip, at, certificate);
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw refused(ip, at, error as Error);
      if (port !== undefined) throw refused(ip, at, error);
    }
  }
  return listenOn(ip, 0, certificate);
}

/** A node may be known by an address that is not on this machine (behind a translation): take all. */
function listenOn(hostname: string, port: number, certificate?: Certificate): PortListener {
  try {
    return new PortListener({ hostname, port }, certificate);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrNotAvailable)) throw error;
    return new PortListener({ hostname: "0.0.0.0", port }, certificate);
  }
}

function refused(ip: string, port: number, error: Error): RequestFailed {
  const taken = error instanceof Deno.errors.AddrInUse;
  return new RequestFailed(
    taken ? "port_taken" : "port",
    `Cannot listen on ${addressText({ host: ip, port })} for the node: ${
      taken ? "the port is in use" : reasonOf(error)
    }.`,
    taken
      ? "Choose another with --node-port, or leave it out and a free one is taken."
      : "Give this machine's address with --node-ip.",
  );
}
