/**
 * The framing of every link: `u32 header length, u64 body length` (big-endian), the header (one
 * MessagePack map), the body (raw bytes). A router forwards a frame by its header alone.
 *
 * Pure: bytes in, frames out. Both lengths are checked before anything is allocated, room for a part
 * grows with what has arrived of it, and a header is looked over before it is decoded, so that a
 * length that lies costs its sender, not us.
 */
import { Decoder, Encoder } from "msgpack";
import { ProtocolError } from "./errors.ts";
import { checkBounds, MAX_DEPTH } from "./header_bounds.ts";

/** Bytes before the header. */
export const PREFIX_LENGTH = 12;

/** Upper bounds on what a peer may send, in bytes. */
export interface FrameLimits {
  header: number;
  body: number;
  /** How deep a header's maps and lists may be nested; absent: {@link MAX_DEPTH}. */
  depth?: number;
}

/** Before a peer has proven anything. */
export const STRANGER_LIMITS: FrameLimits = { header: 4096, body: 0 };
/** On a link whose peer is known. */
export const PEER_LIMITS: FrameLimits = { header: 16 * 2 ** 20, body: 64 * 2 ** 30 };
/**
 * On a link to a process: what it says goes on inside of messages between daemons and head, which must
 * not break their links.
 */
export const CLIENT_LIMITS: FrameLimits = {
  header: PEER_LIMITS.header - 2 ** 20,
  body: PEER_LIMITS.body,
  depth: MAX_DEPTH - 16,
};

/** A header as it comes off the wire: a map with a `kind`. */
export interface Header {
  kind: string;
  [field: string]: unknown;
}

/** One frame. */
export interface Frame {
  header: Header;
  body: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const encoder = new Encoder({ ignoreUndefined: true });
const decoder = new Decoder();

/** The frame's first part: prefix and header. The body, if any, follows as it is. */
export function encodeHead(header: Header, bodyLength = 0): Uint8Array<ArrayBuffer> {
  const packed = encoder.encodeSharedRef(header);
  const head = new Uint8Array(PREFIX_LENGTH + packed.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, packed.length);
  view.setBigUint64(4, BigInt(bodyLength));
  head.set(packed, PREFIX_LENGTH);
  return head;
}

/** A whole frame in one array. */
export function encodeFrame(header: Header, body: Uint8Array = EMPTY): Uint8Array<ArrayBuffer> {
  const head = encodeHead(header, body.length);
  if (body.length === 0) return head;
  const frame = new Uint8Array(head.length + body.length);
  frame.set(head);
  frame.set(body, head.length);
  return frame;
}

function decodeHeader(bytes: Uint8Array, depth: number | undefined): Header {
  checkBounds(bytes, depth);
  let value: unknown;
  try {
    value = decoder.decode(bytes);
  } catch (error) {
    throw new ProtocolError(`Cannot read a header: it is not MessagePack (${error})`);
  }
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : null;
  if (typeof kind !== "string") {
    throw new ProtocolError("Cannot read a header: it must be a map with a text field `kind`");
  }
  return value as Header;
}

/** What a gatherer makes room for at first, in bytes. */
const FIRST_ROOM = 64 * 1024;

/** Gathers an announced number of bytes in room that grows with what has come. */
class Gatherer {
  #bytes: Uint8Array;
  #filled = 0;

  constructor(readonly length: number) {
    this.#bytes = length === 0 ? EMPTY : new Uint8Array(Math.min(length, FIRST_ROOM));
  }

  /** Takes what it needs from `bytes`, returns how many. The bytes are copied. */
  take(bytes: Uint8Array): number {
    const count = Math.min(this.missing, bytes.length);
    if (count === 0) return 0;
    const needed = this.#filled + count;
    if (needed > this.#bytes.length) {
      const room = new Uint8Array(Math.min(this.length, Math.max(needed, this.#bytes.length * 2)));
      room.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = room;
    }
    this.#bytes.set(bytes.subarray(0, count), this.#filled);
    this.#filled = needed;
    return count;
  }

  get full(): boolean {
    return this.#filled === this.length;
  }

  get empty(): boolean {
    return this.#filled === 0;
  }

  get missing(): number {
    return this.length - this.#filled;
  }

  /** The bytes, once it is full. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }
}

/** Turns a stream of bytes into frames. After it has thrown, it is of no further use. */
export class FrameDecoder {
  #part: "prefix" | "header" | "body" = "prefix";
  #gatherer = new Gatherer(PREFIX_LENGTH);
  #bodyLength = 0;
  #header: Header = { kind: "" };

  constructor(public limits: FrameLimits = PEER_LIMITS) {}

  /** True between two frames: an end of the stream here cuts nothing off. */
  get idle(): boolean {
    return this.#part === "prefix" && this.#gatherer.empty;
  }

  /** Bytes that end the part being read: who feeds no more than this never takes too many. */
  get missing(): number {
    return this.#gatherer.missing;
  }

  /**
   * Feeds bytes, returns the frames that are complete with them.
   * @throws {ProtocolError} for lengths past the limits or a header that is none.
   */
  *feed(bytes: Uint8Array): Generator<Frame, void, void> {
    let rest = bytes;
    while (true) {
      rest = rest.subarray(this.#gatherer.take(rest));
      if (!this.#gatherer.full) return;
      const frame = this.#advance(this.#gatherer.bytes);
      if (frame) yield frame;
    }
  }

  #advance(part: Uint8Array): Frame | undefined {
    if (this.#part === "prefix") {
      const view = new DataView(part.buffer, part.byteOffset);
      const headerLength = view.getUint32(0);
      const bodyLength = view.getBigUint64(4);
      if (headerLength > this.limits.header) {
        throw new ProtocolError(
          `Cannot take a header of ${headerLength} bytes: at most ${this.limits.header} are allowed`,
        );
      }
      if (bodyLength > BigInt(this.limits.body)) {
        throw new ProtocolError(
          `Cannot take a body of ${bodyLength} bytes: at most ${this.limits.body} are allowed`,
        );
      }
      this.#bodyLength = Number(bodyLength);
      this.#part = "header";
      this.#gatherer = new Gatherer(headerLength);
      return undefined;
    }
    if (this.#part === "header") {
      this.#header = decodeHeader(part, this.limits.depth);
      this.#part = "body";
      this.#gatherer = new Gatherer(this.#bodyLength);
      return undefined;
    }
    this.#part = "prefix";
    this.#gatherer = new Gatherer(PREFIX_LENGTH);
    return { header: this.#header, body: part };
  }
}
