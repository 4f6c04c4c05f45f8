/**
 * A link: framed messages over a stream, with requests and answers.
 *
 * Incoming frames are checked against the declaration and handed to `onMessage` in order; answers to
 * own requests never reach it. Writes are queued and leave in order. A request with a field that is missing
 * or of another type, or of a kind that only another build knows, is refused. A link that breaks the protocol
 * in another way, ends or is closed settles `closed` with the reason and fails what still waits.
 */
import { buildName } from "../runtime/version.ts";
import { LinkClosed, ProtocolError, RequestFailed } from "./errors.ts";
import {
  encodeHead,
  type Frame,
  FrameDecoder,
  type FrameLimits,
  type Header,
  PEER_LIMITS,
  PREFIX_LENGTH,
} from "./frames.ts";
import type { Fields, Message, MessageKind, Reply, RequestKind } from "./messages.ts";
import { shown } from "./shown.ts";
import { checkFields, checkMessage, isKind } from "./validate.ts";
import { MESSAGES } from "./messages.ts";

/** The part of `Deno.Conn` that a link needs. */
export interface ByteStream {
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** What arrived: a message, its body, and the id to answer to if it is a request. */
export interface Received<K extends MessageKind = MessageKind> {
  message: Message<K>;
  body: Uint8Array;
  id?: number;
}

/** The answer to a request. */
export interface Answer<K extends RequestKind> {
  fields: Reply<K>;
  body: Uint8Array;
}

/** How a link behaves. */
export interface LinkOptions {
  /** Who is at the other end, for sentences: "the head at 10.0.0.1:6379". */
  peer: string;
  /** Called for each message that is no answer, in order. What it throws closes the link. */
  onMessage(received: Received, link: Link): void;
  limits?: FrameLimits;
  /** A decoder that has already seen this stream's opening. */
  decoder?: FrameDecoder;
  /** Clock in milliseconds. */
  now?: () => number;
}

interface Waiting {
  kind: RequestKind;
  resolve(answer: { fields: Record<string, unknown>; body: Uint8Array }): void;
  reject(error: Error): void;
}

const READ_SIZE = 64 * 1024;
const EMPTY = new Uint8Array(0);

/** Writes all of `bytes`. */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
}

/** See the top of this file. Call {@link Link.start} once the handlers are in place. */
export class Link {
  /** Settles, never rejects, with the reason for the end. */
  readonly closed: Promise<Error>;
  /** When the last byte arrived. */
  lastHeard: number;
  /** Bytes of frames, both ways, since the link began. */
  bytesSent = 0;
  bytesReceived = 0;
  readonly peer: string;

  #settleClosed!: (reason: Error) => void;
  #ended: Error | undefined;
  #stream: ByteStream;
  #options: LinkOptions;
  #decoder: FrameDecoder;
  #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #now: () => number;

  constructor(stream: ByteStream, options: LinkOptions) {
    this.#stream = stream;
    this.#options = options;
    this.peer = options.peer;
    this.#decoder = options.decoder ?? new FrameDecoder();
    this.#decoder.limits = options.limits ?? PEER_LIMITS;
    this.#now = options.now ?? Date.now;
    this.lastHeard = this.#now();
    this.closed = new Promise((resolve) => this.#settleClosed = resolve);
  }

  /** Starts to read; `early` are frames that came with the opening. */
  start(early: Frame[] = []): this {
    this.#read(early);
    return this;
  }

  /** Bytes not yet written: senders of bulk wait for {@link flushed} where this grows. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get isClosed(): boolean {
    return this.#ended !== undefined;
  }

  /** Queues a message. On a closed link it is dropped: `closed` has told why. */
  send<K extends MessageKind>(message: Message<K>, body: Uint8Array = EMPTY): void {
    this.#send(message, body);
  }

  /**
   * Sends a request and waits for its answer.
   * @throws {RequestFailed} where the peer refuses it, {@link LinkClosed} where the link ends first,
   * the signal's reason where it aborts.
   */
  request<K extends RequestKind>(
    message: Message<K>,
    options: { body?: Uint8Array; signal?: AbortSignal } = {},
  ): Promise<Answer<K>> {
    if (this.#ended) return Promise.reject(this.#failure());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        this.#waiting.delete(id);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const done = () => signal?.removeEventListener("abort", onAbort);
      this.#waiting.set(id, {
        kind: message.kind,
        resolve: (answer) => (done(), resolve(answer as Answer<K>)),
        reject: (error) => (done(), reject(error)),
      });
      this.#send({ ...message, id }, options.body ?? EMPTY);
    });
  }

  /** Answers the request `to`. */
  reply<K extends RequestKind>(
    to: Received,
    _kind: K,
    fields: Reply<K>,
    body: Uint8Array = EMPTY,
  ): void {
    if (to.id !== undefined) this.#send({ ...fields, kind: "reply", id: to.id }, body);
  }

  /** Answers the request `to` with fields that came from elsewhere, unchanged. */
  passOn(to: Received, fields: Record<string, unknown>, body: Uint8Array): void {
    if (to.id !== undefined) this.#send({ ...fields, kind: "reply", id: to.id }, body);
  }

  /** Refuses the request `to`. Anything but a {@link RequestFailed} is told as code `internal`. */
  refuse(to: Received, error: unknown): void {
    if (to.id === undefined) return;
    const { code, message, mend } = error instanceof RequestFailed ? error : {
      code: "internal",
      message: error instanceof Error ? error.message : String(error),
      mend: undefined,
    };
    this.#send({ kind: "error", id: to.id, code, message, mend }, EMPTY);
  }

  /** Resolves when all that was queued has been handed to the kernel, or the link is closed. */
  async flushed(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Ends the link. What waits fails with `reason`. */
  close(reason: Error = new LinkClosed(`The link to ${this.peer} was closed on this side`)): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#queue = [];
    this.#queuedBytes = 0;
    try {
      this.#stream.close();
    } catch { /* the runtime closes a connection that broke */ }
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure());
    this.#waiting.clear();
    this.#settleClosed(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #failure(): Error {
    return this.#ended instanceof LinkClosed ? this.#ended : new LinkClosed(
      `The link to ${this.peer} ended: ${this.#ended?.message}`,
      { cause: this.#ended },
    );
  }

  #send(header: { kind: string; [field: string]: unknown }, body: Uint8Array): void {
    if (this.#ended) return;
    const head = encodeHead(header, body.length);
    const length = head.length - PREFIX_LENGTH;
    if (length > PEER_LIMITS.header && header.kind === "reply") {
      // It would end the link, and who asked would ask again over the next one.
      const message = `Cannot answer: the answer has ${length} bytes, at most ` +
        `${PEER_LIMITS.header} can be sent`;
      return this.#send({ kind: "error", id: header["id"], code: "too_large", message }, EMPTY);
    }
    this.#queue.push(head);
    if (body.length > 0) this.#queue.push(body);
    this.#queuedBytes += head.length + body.length;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // One turn of the event loop gathers what is sent together, so that it leaves together.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        const parts = this.#queue;
        this.#queue = [];
        for (const bytes of gather(parts)) {
          await writeAll(this.#stream, bytes);
          this.bytesSent += bytes.length;
        }
        this.#queuedBytes = this.#queue.reduce((sum, part) => sum + part.length, 0);
      }
    } catch (error) {
      this.close(new LinkClosed(`The link to ${this.peer} broke: ${(error as Error).message}`));
    } finally {
      this.#writing = undefined;
    }
  }

  async #read(early: Frame[]): Promise<void> {
    const buffer = new Uint8Array(READ_SIZE);
    try {
      for (const frame of early) this.#take(frame);
      while (!this.#ended) {
        const count = await this.#stream.read(buffer);
        if (count === null) {
          const cut = this.#decoder.idle ? "" : " in the middle of a message";
          return this.close(new LinkClosed(`${this.peer} ended the link${cut}`));
        }
        this.lastHeard = this.#now();
        this.bytesReceived += count;
        for (const frame of this.#decoder.feed(buffer.subarray(0, count))) {
          if (this.#ended) return;
          this.#take(frame);
        }
      }
    } catch (error) {
      this.close(
        error instanceof ProtocolError || error instanceof LinkClosed ? error : new LinkClosed(
          `The link to ${this.peer} broke: ${error instanceof Error ? error.message : error}`,
          { cause: error },
        ),
      );
    }
  }

  #take(frame: Frame): void {
    const message = this.#checked(frame.header);
    if (!message || message.kind === "ping") return;
    const id = (message as { id?: number }).id;
    if (message.kind !== "reply" && message.kind !== "error") {
      const received: Received = { message, body: frame.body };
      if (id !== undefined) received.id = id;
      return this.#options.onMessage(received, this);
    }
    const waiting = this.#waiting.get(id!);
    if (!waiting) return; // its asker gave up
    this.#waiting.delete(id!);
    if (message.kind === "error") {
      const { code, message: text, mend } = message as Message<"error">;
      return waiting.reject(new RequestFailed(code, text, mend));
    }
    try {
      checkFields(`answer to ${waiting.kind}`, frame.header, MESSAGES[waiting.kind].reply);
    } catch (error) {
      waiting.reject(error as Error);
      throw error;
    }
    waiting.resolve({ fields: frame.header, body: frame.body });
  }

  /** Undefined where it was a request that is refused. */
  #checked(header: Header): (Message & { id?: number }) | undefined {
    try {
      return checkMessage(header);
    } catch (error) {
      if (!isRequest(header)) throw error;
      const refused = { message: { kind: header.kind }, id: header["id"] } as unknown as Received;
      this.refuse(refused, isKind(header.kind) ? badRequest(error as Error) : notKnown(header));
      return undefined;
    }
  }
}

/** Whether it can be answered, whatever else is wrong with it. */
function isRequest({ kind, id }: Header): boolean {
  return (!isKind(kind) || "reply" in MESSAGES[kind]) && Number.isSafeInteger(id);
}

/** Its asker gave a value that does not do. */
function badRequest({ message }: Error): RequestFailed {
  return new RequestFailed("bad_request", message);
}

/** Its asker is of another build, with the same protocol. */
function notKnown({ kind }: Header): RequestFailed {
  return new RequestFailed(
    "unknown_request",
    `Cannot answer \`${shown(kind)}\`: beam ${buildName()}, which was asked, does not know it`,
    "Exchange the older of the two with `beam up --replace`, or ask with the beam that runs there.",
  );
}

/** Small parts joined to one write, large ones left alone. */
function* gather(parts: Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  const join = () => {
    const whole = new Uint8Array(small.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of small) whole.set(part, at), at += part.length;
    small = [];
    return whole;
  };
  for (const part of parts) {
    if (part.length <= READ_SIZE) {
      small.push(part);
    } else {
      if (small.length > 0) yield join();
      yield part;
    }
  }
  if (small.length > 0) yield join();
}

/** The fields of a message without its kind, typed by it. */
export function fieldsOf<K extends MessageKind>(received: Received, _kind: K): Fields<K> {
  return received.message as unknown as Fields<K>;
}
