/**
 * The owner's side of a relayed stream: a connection of our own to the head, joined to the worker or
 * process, or a file served on it.
 */
import { addressText } from "../wire/address.ts";
import { HEAD_NAME } from "../wire/authority.ts";
import { closeQuietly } from "../wire/close_quietly.ts";
import { dialTo } from "../wire/dialing.ts";
import { ProtocolError } from "../wire/errors.ts";
import { type Identity, type Opened, sayFirst } from "../wire/handshake.ts";
import type { Fields } from "../wire/messages.ts";
import { splice } from "../wire/splice.ts";
import { type FileSource, serveFile } from "./file_stream.ts";

const CONNECT_TIMEOUT = 4000;

/** What an answer to `relay.dial` needs. */
export interface RelayDialOptions {
  head: { host: string; port: number };
  identity: Identity;
  /** The socket of that worker or process; undefined: the head's wait is left to run out. */
  socketOf(wanted: Fields<"relay.dial">): Promise<string | undefined>;
  /** What daemons of other nodes may fetch. */
  sources: ReadonlyMap<string, FileSource>;
  /** Ends the stream. */
  signal: AbortSignal;
}

/** Answers one `relay.dial`; settles when the stream has ended. */
export async function answerRelay(
  fields: Fields<"relay.dial">,
  options: RelayDialOptions,
): Promise<void> {
  const { signal } = options;
  if (fields.files) {
    const opened = await answering(fields, options);
    return await serveFile(opened, options.sources, { peer: "a daemon behind the head", signal });
  }
  const path = await options.socketOf(fields);
  if (path === undefined) return;
  const worker = await Deno.connect({ transport: "unix", path });
  try {
    const { stream } = await answering(fields, options);
    const { error } = await splice(stream, worker, { signal });
    if (error instanceof ProtocolError) throw error;
  } catch (error) {
    closeQuietly(worker);
    throw error;
  }
}

async function answering(
  { relay }: Fields<"relay.dial">,
  { head, identity }: RelayDialOptions,
): Promise<Opened> {
  const peer = `the head at ${addressText(head)}`;
  const opened = await dialTo(head, {
    identity,
    role: "answer",
    peer,
    ms: CONNECT_TIMEOUT,
    name: HEAD_NAME,
  });
  await sayFirst(opened.stream, { kind: "answer", relay });
  return opened;
}
