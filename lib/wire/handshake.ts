/**
 * The opening of every TCP connection: version, role and cluster, and a proof on both sides that the
 * token is known. The token never crosses the wire; the proof is an HMAC over both nonces, the role and
 * the cluster, so that it fits this connection and this direction only. A dialer names its key; a listener
 * that does not know it proves nothing, else it proves first: a dialer that has a token tells nothing to
 * a listener that has not.
 *
 * A machine that has a join token only proves with that, to the head.
 *
 * What follows is sealed with a key of this connection (`sealed_stream.ts`). Inside TLS it need not be; the
 * proofs are bound to the name in the listener's certificate there (`authority.ts`).
 *
 * An open cluster has no token: both sides prove with the empty key, which proves nothing, and say so.
 * Nothing is sealed there.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { closeQuietly } from "./close_quietly.ts";
import { LinkClosed, ProtocolError, RequestFailed } from "./errors.ts";
import { encodeFrame, type Frame, FrameDecoder, STRANGER_LIMITS } from "./frames.ts";
import { keyedHash } from "./keyed_hash.ts";
import type { Keyring } from "./keyring.ts";
import { type ByteStream, writeAll } from "./link.ts";
import { type Message, type MessageKind, PROTOCOL_VERSION } from "./messages.ts";
import { SealedStream } from "./sealed_stream.ts";
import type { SpliceStream } from "./splice.ts";
import { shown } from "./shown.ts";
import { isNoTls, type Trust } from "./transport.ts";
import { checkMessage } from "./validate.ts";

/** What a dialer wants to be. */
export type Role = "node" | "caller" | "relay" | "answer" | "object" | "health";
const ROLES: readonly string[] = ["node", "caller", "relay", "answer", "object", "health"];
/** What a join token is good for. */
const JOIN_ROLES: readonly string[] = ["node", "health"];
/** Bytes that a peer may send in its opening. */
const MOST_BYTES = STRANGER_LIMITS.header;
/** How TLS begins: what the first byte says, and the second of every version there was. */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const TLS_VERSION = 0x03;
/** Characters of a sentence of the other side's. */
const MOST_WORDS = 1000;
/** Least and most bytes of a nonce. */
const NONCE_LENGTHS = { least: 16, most: 64 };

/** What both sides know of themselves. */
export interface Identity {
  /** Version and digest of this build, for sentences. */
  build: string;
  keys: Keyring;
  /** Where the cluster speaks TLS: whom to believe. */
  trust?: Trust | undefined;
  /** Cluster id; a joiner that knows none yet leaves it out. */
  cluster?: string;
}

/** A connection after its opening. */
export interface Opened {
  /** What is to be read and written from now on, instead of the stream that was opened. */
  stream: SpliceStream;
  decoder: FrameDecoder;
  /** Frames that were read with the opening's last: none, since no byte past it is read. */
  early: Frame[];
  role: Role;
  cluster: string;
  /** The id of the token that was proven. */
  key?: string;
  /** The id of the join token that was proven instead, on the listener's side. */
  join?: string;
  /** 32 bytes that both sides know and nobody else: of this connection alone. Worth nothing where it is open. */
  secret: Uint8Array;
}

/** How long a stranger may take, in milliseconds. */
export const OPENING_TIMEOUT = 2000;

/** Messages one at a time over a stream that is no link (yet). Reads no byte past the last one. */
class Opening {
  #buffer = new Uint8Array(MOST_BYTES);
  #left = MOST_BYTES;

  constructor(
    readonly stream: ByteStream,
    readonly peer: string,
    readonly decoder: FrameDecoder = new FrameDecoder(STRANGER_LIMITS),
    readonly frames: Frame[] = [],
  ) {}

  send<K extends MessageKind>(message: Message<K>): Promise<void> {
    return writeAll(this.stream, encodeFrame(message)).catch((error) => this.#ended(error));
  }

  /** The stream failed, or ended: who dialed or accepted hears of it in the words of the wire. */
  #ended(cause?: unknown): never {
    throw new LinkClosed(`${this.peer} ended the connection during its opening`, { cause });
  }

  /** Says why the peer is not served. A peer that is gone already is no error. */
  async refuse({ code, message, mend }: RequestFailed): Promise<void> {
    const refused: Message<"refused"> = { kind: "refused", code, message };
    if (mend !== undefined) refused.mend = mend;
    await this.send(refused).catch(() => {});
  }

  /** The next message, which must be `kind`; `refused` is thrown as {@link RequestFailed}. */
  async expect<K extends MessageKind>(kind: K): Promise<Message<K>> {
    while (this.frames.length === 0) {
      if (this.#left === 0) {
        throw new ProtocolError(
          `Cannot open the connection: ${this.peer} sent more than ${MOST_BYTES} bytes`,
        );
      }
      const room = Math.min(this.decoder.missing, this.#left);
      const count = await this.#read(this.#buffer.subarray(0, room));
      if (count === null) {
        throw new LinkClosed(`${this.peer} ended the connection during its opening`);
      }
      if (this.#left === MOST_BYTES) this.#lookForTls(this.#buffer.subarray(0, count));
      this.#left -= count;
      this.frames.push(...this.decoder.feed(this.#buffer.subarray(0, count)));
    }
    const { header } = this.frames.shift()!;
    // What a stranger leaves empty he has left out.
    for (const [name, value] of Object.entries(header)) if (value === null) delete header[name];
    const message = checkMessage(header);
    if (message.kind === "refused") {
      const { code, message: text, mend } = message as Message<"refused">;
      throw new RequestFailed(
        shown(code),
        shown(text, MOST_WORDS),
        mend ? shown(mend, MOST_WORDS) : undefined,
      );
    }
    if (message.kind !== kind) {
      throw new ProtocolError(
        `Cannot open the connection: expected \`${kind}\`, got \`${message.kind}\``,
      );
    }
    return message as Message<K>;
  }

  async #read(buffer: Uint8Array): Promise<number | null> {
    try {
      return await this.stream.read(buffer);
    } catch (error) {
      if (!isNoTls(error)) this.#ended(error);
      throw new RequestFailed(
        "tls",
        `Cannot let ${this.peer} in: it does not speak TLS, and this cluster does`,
        "Use the whole token that `beam up --head --tls` printed: its end names the authority.",
      );
    }
  }

  /** The first bytes of who takes this side for one that speaks TLS, or speaks it itself. */
  #lookForTls([first, second]: Uint8Array): void {
    if (second !== TLS_VERSION) return;
    if (first === TLS_ALERT) {
      throw new RequestFailed(
        "tls",
        `Cannot join ${this.peer}: it speaks TLS, and this side knows no authority of its cluster`,
        "Use the whole token that `beam up --head --tls` printed: its end names the authority.",
      );
    }
    if (first === TLS_HANDSHAKE) {
      throw new RequestFailed(
        "tls",
        `Cannot let ${this.peer} in: it speaks TLS, and this cluster does not`,
        "Start the head with `beam up --head --tls`, or use the token that it printed.",
      );
    }
  }
}

/** Runs `opening`; whatever fails closes the stream, and a timeout is told as one. */
async function within<T>(
  stream: ByteStream,
  peer: string,
  ms: number,
  opening: Promise<T>,
): Promise<T> {
  let timer: number | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new LinkClosed(`${peer} did not finish the opening of the connection within ${ms} ms`),
        ),
      ms,
    );
  });
  try {
    return await Promise.race([opening, timeout]);
  } catch (error) {
    opening.catch(() => {});
    closeQuietly(stream);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Options of {@link dial}. */
export interface DialOptions {
  identity: Identity;
  role: Role;
  /** The listener, for sentences. */
  peer: string;
  /** Inside TLS: what the proofs are bound to. */
  bound?: string | undefined;
  timeout?: number;
}

/**
 * The dialer's side.
 * @throws {RequestFailed} where the listener refuses, or where it is open or of another cluster or
 * cannot prove the token (codes version, cluster, token, open); {@link LinkClosed} where it ends.
 */
export function dial(stream: SpliceStream, options: DialOptions): Promise<Opened> {
  const { identity, role, peer, bound } = options;
  const run = async (): Promise<Opened> => {
    const opening = new Opening(stream, peer);
    const nonce = new Uint8Array(randomBytes(32));
    const { secret, key, join } = identity.keys.credential;
    const secured = secret.length > 0;
    const hello: Message<"hello"> = {
      kind: "hello",
      protocol: PROTOCOL_VERSION,
      build: identity.build,
      role,
      nonce,
      secured,
    };
    if (identity.cluster !== undefined) hello.cluster = identity.cluster;
    if (key !== undefined) hello.key = key;
    if (join !== undefined) hello.join = join;
    await opening.send(hello);
    const welcome = await opening.expect("welcome");
    if (secured && !welcome.secured) {
      throw new RequestFailed(
        "open",
        `Cannot join ${peer}: it is open (it has no token), and this side has a token`,
        "Start the head with a token (`beam up --head`), or leave out the token here.",
      );
    }
    const facts = [role, welcome.cluster, nonce, welcome.nonce, ...inTls(bound)];
    if (!same(welcome.proof, keyedHash(secret, "beam listener", ...facts))) {
      throw new RequestFailed(
        "token",
        `Cannot join ${peer}: it could not prove that it knows this side's token`,
        "Use the token that `beam up --head` printed there, in BEAM_TOKEN or --token-file.",
      );
    }
    await opening.send({ kind: "proof", proof: keyedHash(secret, "beam dialer", ...facts) });
    await opening.expect("accepted");
    const ours = keyedHash(secret, "beam connection", ...facts);
    return {
      ...(key !== undefined && { key }),
      stream: secured && bound === undefined
        ? new SealedStream(stream, { secret: ours, side: "dialer", peer })
        : stream,
      decoder: opening.decoder,
      early: opening.frames,
      role,
      cluster: welcome.cluster,
      secret: ours,
    };
  };
  return within(stream, peer, options.timeout ?? OPENING_TIMEOUT * 2, run().catch(unproven));
}

/** What a refusal in an opening can be about. */
const OPENING_CODES: readonly string[] = [
  "version",
  "protocol",
  "role",
  "cluster",
  "token",
  "open",
  "tls",
];

/**
 * Anybody can refuse an opening: nothing in it is sealed. So its code says nothing of what only the cluster
 * knows, such as that a node was declared dead, for which that one would end its workers.
 */
function unproven(error: unknown): never {
  if (!(error instanceof RequestFailed) || OPENING_CODES.includes(error.code)) throw error;
  throw new RequestFailed("refused", error.message, error.mend);
}

/** Options of {@link accept}. */
export interface AcceptOptions {
  identity: Identity & { cluster: string };
  /** The dialer's address, for sentences. */
  peer: string;
  now: number;
  /** Inside TLS: what the proofs are bound to. */
  bound?: string | undefined;
  timeout?: number;
  /** Roles this listener serves. */
  roles: readonly Role[];
  /**
   * The secret of a join token, by its id; absent: none is good here.
   * @throws {RequestFailed} where it is not good, with what its holder is told.
   */
  join?(id: string, peer: string): Uint8Array;
}

/**
 * The listener's side. A dialer that is not let in is told why before the stream is closed.
 * @throws {RequestFailed} with what the dialer was told.
 */
export function accept(stream: SpliceStream, options: AcceptOptions): Promise<Opened> {
  const { identity, peer, bound } = options;
  const opening = new Opening(stream, peer);
  const run = async (): Promise<Opened> => {
    const hello = await opening.expect("hello");
    const refusal = refuses(hello, options);
    if (refusal) throw refusal;
    const key = keyOf(hello, options);
    const nonce = new Uint8Array(randomBytes(32));
    const secured = !identity.keys.isOpen;
    const facts = [hello.role, identity.cluster, hello.nonce, nonce, ...inTls(bound)];
    await opening.send({
      kind: "welcome",
      protocol: PROTOCOL_VERSION,
      build: identity.build,
      cluster: identity.cluster,
      nonce,
      secured,
      proof: keyedHash(key, "beam listener", ...facts),
    });
    const { proof } = await opening.expect("proof");
    if (!same(proof, keyedHash(key, "beam dialer", ...facts))) {
      throw new RequestFailed(
        "token",
        `Cannot let ${peer} in: it could not prove that it knows this cluster's token`,
        "Use the token that `beam up --head` printed, in BEAM_TOKEN or --token-file.",
      );
    }
    await opening.send({ kind: "accepted" });
    const secret = keyedHash(key, "beam connection", ...facts);
    const opened: Opened = {
      stream: secured && bound === undefined
        ? new SealedStream(stream, { secret, side: "listener", peer })
        : stream,
      decoder: opening.decoder,
      early: opening.frames,
      role: hello.role as Role,
      cluster: identity.cluster,
      secret,
    };
    if (secured && hello.join !== undefined) opened.join = hello.join;
    else if (secured && hello.key !== undefined) opened.key = hello.key;
    return opened;
  };
  const told = run().catch(async (error) => {
    if (error instanceof RequestFailed) await opening.refuse(error);
    throw error;
  });
  return within(stream, peer, options.timeout ?? OPENING_TIMEOUT, told);
}

/**
 * The first message after an opening, on a connection that becomes a splice (`splice`, `spliced`,
 * `answer`). Not one byte past it is read: the rest belongs to whoever the stream is joined to.
 * A failure closes the stream.
 * @throws {RequestFailed} where the peer refuses; {@link LinkClosed} where it ends or is too slow.
 */
export function expectMessage<K extends MessageKind>(
  opened: Pick<Opened, "stream" | "decoder" | "early">,
  kind: K,
  options: { peer: string; timeout?: number },
): Promise<Message<K>> {
  const { stream, decoder, early } = opened;
  const opening = new Opening(stream, options.peer, decoder, early);
  return within(stream, options.peer, options.timeout ?? OPENING_TIMEOUT, opening.expect(kind));
}

/**
 * The first word on a stream that is no link, after its opening.
 * @throws what the system answers where it cannot be said; the stream is closed then
 */
export async function sayFirst(stream: ByteStream, message: Message): Promise<void> {
  try {
    await writeAll(stream, encodeFrame(message));
  } catch (error) {
    closeQuietly(stream);
    throw error;
  }
}

/** Tells the peer of a stream that is no link why it is not served, and closes the stream. */
export async function refuseStream(stream: ByteStream, failure: RequestFailed): Promise<void> {
  await new Opening(stream, "").refuse(failure);
  closeQuietly(stream);
}

function refuses(hello: Message<"hello">, options: AcceptOptions): RequestFailed | undefined {
  const { identity, peer } = options;
  if (hello.protocol !== PROTOCOL_VERSION) {
    return new RequestFailed(
      "version",
      `Cannot talk to build ${
        shown(hello.build)
      } (protocol ${hello.protocol}): this is build ${identity.build} ` +
        `(protocol ${PROTOCOL_VERSION})`,
      "Copy the same beam file to every machine of the cluster.",
    );
  }
  if (!ROLES.includes(hello.role) || !options.roles.includes(hello.role as Role)) {
    return new RequestFailed(
      "role",
      `Cannot serve ${peer} as \`${shown(hello.role, 32)}\`: this port serves ${
        options.roles.join(", ")
      }`,
      "Check the address: the head's port is 6379 by default, a node's 6380.",
    );
  }
  const { least, most } = NONCE_LENGTHS;
  if (hello.nonce.length < least || hello.nonce.length > most) {
    return new RequestFailed(
      "protocol",
      `Cannot let ${peer} in: its nonce must have ${least} to ${most} bytes, got ${hello.nonce.length}`,
    );
  }
  if (hello.cluster !== undefined && hello.cluster !== identity.cluster) {
    return new RequestFailed(
      "cluster",
      `Cannot let ${peer} in: it belongs to cluster ${
        shown(hello.cluster)
      }, this is cluster ${identity.cluster}`,
      "End it there with `beam down`, then join this cluster.",
    );
  }
  if (!identity.keys.isOpen && !hello.secured) {
    return new RequestFailed(
      "token",
      `Cannot let ${peer} in: this cluster has a token, and ${peer} has none`,
      "Use the token that `beam up --head` printed, in BEAM_TOKEN or --token-file.",
    );
  }
  if (hello.join !== undefined && !JOIN_ROLES.includes(hello.role)) {
    return new RequestFailed(
      "role",
      `Cannot let ${peer} in as \`${hello.role}\`: a join token is good for ${
        JOIN_ROLES.join(", ")
      } only`,
      "Use the cluster's token, in BEAM_TOKEN or --token-file.",
    );
  }
  return undefined;
}

/**
 * The key that the dialer says it knows.
 * @throws {RequestFailed} where it is none of this cluster's.
 */
function keyOf(hello: Message<"hello">, { identity, now, peer, join }: AcceptOptions): Uint8Array {
  const { keys } = identity;
  if (keys.isOpen) return new Uint8Array(0);
  if (hello.join !== undefined) {
    if (join) return join(hello.join, peer);
    throw new RequestFailed(
      "token",
      `Cannot let ${peer} in: a join token is good at the head only`,
      "Give the head's address: its port is 6379 by default.",
    );
  }
  const id = hello.key ?? "";
  const key = keys.find(id, now);
  if (key) return key;
  throw unknownKey(peer, keys.replacedAt(id));
}

function unknownKey(peer: string, replaced_at: number | undefined): RequestFailed {
  if (replaced_at === undefined) {
    return new RequestFailed(
      "token",
      `Cannot let ${peer} in: its token is not this cluster's`,
      "Use the token that `beam up --head` printed there, in BEAM_TOKEN or --token-file.",
    );
  }
  return new RequestFailed(
    "token",
    `Cannot let ${peer} in: this cluster's token was changed on ${
      new Date(replaced_at).toISOString().slice(0, 16).replace("T", " ")
    } UTC, and it has a former one`,
    "Start it again with the new one: `beam token` on the head's machine shows it, and " +
      "`beam token create` there makes one for joining.",
  );
}

function inTls(bound: string | undefined): string[] {
  return bound === undefined ? [] : [bound];
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
