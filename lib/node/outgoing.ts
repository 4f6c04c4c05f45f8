/**
 * Streams of this node's processes to workers and processes of other nodes. A process connects to the
 * socket here and says `splice`; the daemon opens the stream, seals it, and copies bytes. So no process
 * but the daemon has a key of the cluster, and Python needs neither seals nor TLS.
 */
import { connections } from "../wire/connections.ts";
import { LinkClosed, ProtocolError, RequestFailed } from "../wire/errors.ts";
import { encodeFrame, FrameDecoder, STRANGER_LIMITS } from "../wire/frames.ts";
import { expectMessage, refuseStream } from "../wire/handshake.ts";
import type { KeyedStreams } from "../wire/keyed_streams.ts";
import { writeAll } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import { splice } from "../wire/splice.ts";
import { FILE, likeDirectory } from "../runtime/group_access.ts";
import { removeQuietly } from "../runtime/whole_file.ts";
import { FirstSignal } from "./first_signal.ts";
import type { NodeDialer, NodeStream } from "./node_dialer.ts";

/** What it needs of its daemon. */
export interface OutgoingHost {
  dialer: Pick<NodeDialer, "open">;
  log(text: string): void;
  /** Ends streams whose token is taken no more. */
  streams: KeyedStreams;
  /** Ends all streams. */
  signal: AbortSignal;
}

/** See the top of this file. */
export class Outgoing {
  #listener: Deno.UnixListener;
  #accepting: Promise<void>;
  #running = new Set<Promise<void>>();

  /** @throws what the system answers where the socket cannot be made. */
  constructor(readonly path: string, readonly host: OutgoingHost) {
    removeQuietly(path); // an ended daemon's
    this.#listener = Deno.listen({ transport: "unix", path });
    likeDirectory(path, FILE.write);
    this.#accepting = this.#accept();
  }

  /** Takes no more; settles when all streams have ended. The signal must have aborted. */
  async close(): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#running);
    removeQuietly(this.path);
  }

  async #accept(): Promise<void> {
    for await (const stream of connections(this.#listener)) {
      const running = this.#serve(stream).catch((error) => {
        if (!(error instanceof LinkClosed)) {
          this.host.log(`A stream to another node failed: ${error.message}`);
        }
      });
      this.#running.add(running);
      running.finally(() => this.#running.delete(running));
    }
  }

  async #serve(stream: Deno.UnixConn): Promise<void> {
    const { signal } = this.host;
    const peer = "a process of this node";
    const opened = { stream, decoder: new FrameDecoder(STRANGER_LIMITS), early: [] };
    const wanted = await expectMessage(opened, "splice", { peer });
    let far: NodeStream;
    try {
      const { kind: _, node = "", ...rest } = wanted;
      far = await this.host.dialer.open({ ...rest, node }, signal);
    } catch (error) {
      return await refuseStream(stream, refusalOf(error as Error));
    }
    const { relayed } = far;
    const spliced: Message<"spliced"> = { kind: "spliced" };
    if (relayed) Object.assign(spliced, { relayed: relayed.why, port: relayed.address.port });
    await writeAll(stream, encodeFrame(spliced)).catch(() => {});
    const { error } = await this.host.streams.hold(far.opened.key, async (cut) => {
      using first = new FirstSignal(signal, cut);
      return await splice(stream, far.opened.stream, { signal: first.signal });
    });
    if (error instanceof ProtocolError) this.host.log(error.message);
  }
}

function refusalOf(error: Error): RequestFailed {
  if (error instanceof RequestFailed) return error;
  return new RequestFailed("unreachable", `Cannot reach its node: ${error.message}`);
}
