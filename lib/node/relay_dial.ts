/** The owner's side of a relayed call: a connection of our own to the head, joined to the worker. */
import { encodeFrame } from "../wire/frames.ts";
import { dial, type Identity } from "../wire/handshake.ts";
import { writeAll } from "../wire/link.ts";
import type { Fields } from "../wire/messages.ts";
import { splice } from "../wire/splice.ts";
import { connectWithin } from "./head_link.ts";

const CONNECT_TIMEOUT = 4000;

/** What an answer to `relay.dial` needs. */
export interface RelayDialOptions {
  head: { host: string; port: number };
  identity: Identity;
  /** The call socket of the wanted worker; undefined: the head's wait is left to run out. */
  socket: string | undefined;
  /** Ends the stream. */
  signal: AbortSignal;
}

/** Answers one `relay.dial`; settles when the stream has ended. */
export async function answerRelay(
  fields: Fields<"relay.dial">,
  options: RelayDialOptions,
): Promise<void> {
  const { head, identity, socket, signal } = options;
  if (socket === undefined) return;
  const worker = await Deno.connect({ transport: "unix", path: socket });
  try {
    const stream = await connectWithin(head, CONNECT_TIMEOUT);
    await dial(stream, { identity, role: "answer", peer: `the head at ${head.host}:${head.port}` });
    await writeAll(stream, encodeFrame({ kind: "answer", relay: fields.relay }));
    await splice(stream, worker, { signal });
  } catch (error) {
    close(worker);
    throw error;
  }
}

function close(stream: Deno.Conn): void {
  try {
    stream.close();
  } catch { /* closed already */ }
}
