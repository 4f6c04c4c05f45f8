/**
 * A byte stream whose bytes nobody on the way can change: what follows the opening of a TCP connection
 * of a cluster with a token. It does not hide them; TLS does.
 *
 * Bytes travel in records: `u32 length, bytes, 16 bytes of seal`. The seal is the beginning of
 * BLAKE2b-512 over this direction's key, the record's number, its length and its bytes. (BLAKE2 marks its
 * last block: a hash that begins with a key cannot be lengthened, so only who has the key can make it.) The key comes from the connection's secret and the direction, and the number is counted on
 * both sides: a record that was changed, left out, repeated, moved, sent back, or taken from another
 * connection does not fit. An empty record is the end of its direction; an end without one is a cut.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { LinkClosed, ProtocolError } from "./errors.ts";
import { keyedHash } from "./keyed_hash.ts";
import { writeAll } from "./link.ts";
import type { SpliceStream } from "./splice.ts";

/** Most bytes in one record. */
export const RECORD_SIZE = 64 * 1024;
const LENGTH_SIZE = 4;
const SEAL_SIZE = 16;
const OVERHEAD = LENGTH_SIZE + SEAL_SIZE;
/** Room for what arrives: at first, and at most. */
const FIRST_ROOM = 4 * 1024;
const MOST_ROOM = 4 * (RECORD_SIZE + OVERHEAD);
/** Records that are written together. */
const MOST_RECORDS = 4;

/** Which side of the connection this is. */
export type Side = "dialer" | "listener";

/** See {@link SealedStream}. */
export interface SealOptions {
  /** 32 bytes that only the two sides know, made for this connection alone. */
  secret: Uint8Array;
  side: Side;
  /** Who is at the other end, for sentences. */
  peer: string;
}

/** The seals of one direction, one after another. */
class Seals {
  #key: Uint8Array;
  /** The record's number and its length. */
  #count = new DataView(new ArrayBuffer(12));
  #next = 0n;

  constructor(secret: Uint8Array, from: Side) {
    this.#key = keyedHash(secret, "beam seal", `from the ${from}`);
  }

  /** The seal of the next record. */
  next(bytes: Uint8Array): Uint8Array {
    this.#count.setBigUint64(0, this.#next++);
    this.#count.setUint32(8, bytes.length);
    const hash = createHash("blake2b512").update(this.#key);
    hash.update(new Uint8Array(this.#count.buffer)).update(bytes);
    return new Uint8Array(hash.digest()).subarray(0, SEAL_SIZE);
  }
}

/** See the top of this file. One reads and one writes at a time. */
export class SealedStream implements SpliceStream {
  #stream: SpliceStream;
  #peer: string;
  #sent: Seals;
  #received: Seals;
  #out = new Uint8Array(0);
  /** What arrived and was not handed out: records, from `#at` to `#end`. */
  #in = new Uint8Array(FIRST_ROOM);
  #at = 0;
  #end = 0;
  /** What of the record at `#at` is still to be handed out, once its seal was found good. */
  #opened: { from: number; to: number } | undefined;
  /** The last read filled the room that there was. */
  #isBusy = false;
  #ended = false;
  #fault: Error | undefined;

  constructor(stream: SpliceStream, { secret, side, peer }: SealOptions) {
    this.#stream = stream;
    this.#peer = peer;
    this.#sent = new Seals(secret, side);
    this.#received = new Seals(secret, side === "dialer" ? "listener" : "dialer");
  }

  /**
   * Bytes whose seal is good; null at the end.
   * @throws {ProtocolError} for a seal that does not fit, from then on; {@link LinkClosed} for a cut
   */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (buffer.length === 0) return 0;
    if (this.#fault) throw this.#fault;
    while (!this.#ended) {
      const count = this.#take(buffer);
      if (count > 0) return count;
      if (this.#fault) throw this.#fault;
      if (!this.#ended) await this.#fill();
    }
    return null;
  }

  /** Writes all of `bytes`, or a few records of them. @returns how many bytes it took */
  async write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, MOST_RECORDS * RECORD_SIZE);
    await writeAll(this.#stream, this.#seal(taken));
    return taken.length;
  }

  /** Says that nothing follows. */
  async closeWrite(): Promise<void> {
    await writeAll(this.#stream, this.#sealOne(new Uint8Array(0), this.#room(1, 0), 0));
    await this.#stream.closeWrite?.();
  }

  close(): void {
    this.#stream.close();
  }

  /** Copies what is good at hand. */
  #take(buffer: Uint8Array): number {
    let filled = 0;
    while (filled < buffer.length && !this.#ended) {
      const opened = this.#opened ??= this.#open();
      if (!opened) break;
      const count = Math.min(buffer.length - filled, opened.to - opened.from);
      buffer.set(this.#in.subarray(opened.from, opened.from + count), filled);
      filled += count;
      opened.from += count;
      if (opened.from < opened.to) break;
      this.#at = opened.to + SEAL_SIZE;
      this.#opened = undefined;
    }
    return filled;
  }

  /** The bytes of the record at hand, if it is whole and its seal is good. */
  #open(): { from: number; to: number } | undefined {
    const length = this.#length();
    if (length === undefined || this.#end - this.#at < length + OVERHEAD) return undefined;
    const from = this.#at + LENGTH_SIZE;
    const to = from + length;
    const seal = this.#received.next(this.#in.subarray(from, to));
    if (!timingSafeEqual(seal, this.#in.subarray(to, to + SEAL_SIZE))) return this.#broken();
    if (length === 0) this.#ended = true;
    return { from, to };
  }

  #length(): number | undefined {
    if (this.#end - this.#at < LENGTH_SIZE) return undefined;
    const length = new DataView(this.#in.buffer, this.#at).getUint32(0);
    return length > RECORD_SIZE ? this.#broken() : length;
  }

  async #fill(): Promise<void> {
    const length = this.#length() ?? 0;
    const unread = this.#end - this.#at;
    // Where as much comes as there is room for, more of it is read at a time.
    const grown = this.#isBusy ? this.#in.length * 2 : this.#in.length;
    const needed = Math.max(length + OVERHEAD, grown);
    if (needed > this.#in.length && this.#in.length < MOST_ROOM) {
      const room = new Uint8Array(Math.min(needed, MOST_ROOM));
      room.set(this.#in.subarray(this.#at, this.#end));
      this.#in = room;
    } else {
      this.#in.copyWithin(0, this.#at, this.#end);
    }
    this.#at = 0;
    this.#end = unread;
    const count = await this.#stream.read(this.#in.subarray(this.#end));
    this.#isBusy = this.#end + (count ?? 0) === this.#in.length;
    if (count === null) this.#fault = new LinkClosed(`${this.#peer} ended the connection`);
    else this.#end += count;
  }

  #seal(bytes: Uint8Array): Uint8Array {
    const records = Math.ceil(bytes.length / RECORD_SIZE);
    const out = this.#room(records, bytes.length);
    for (let record = 0; record < records; record++) {
      const part = bytes.subarray(record * RECORD_SIZE, (record + 1) * RECORD_SIZE);
      this.#sealOne(part, out, record * (RECORD_SIZE + OVERHEAD));
    }
    return out;
  }

  #sealOne(bytes: Uint8Array, out: Uint8Array, at: number): Uint8Array {
    new DataView(out.buffer, at).setUint32(0, bytes.length);
    out.set(bytes, at + LENGTH_SIZE);
    out.set(this.#sent.next(bytes), at + LENGTH_SIZE + bytes.length);
    return out;
  }

  /** Room for records of so many bytes in all. It is used again for the next. */
  #room(records: number, bytes: number): Uint8Array {
    const size = bytes + records * OVERHEAD;
    if (this.#out.length < size) this.#out = new Uint8Array(Math.max(size, FIRST_ROOM));
    return this.#out.subarray(0, size);
  }

  #broken(): undefined {
    this.#fault = new ProtocolError(
      `Cannot trust what came from ${this.#peer}: it was changed on the way (a seal does not fit)`,
    );
  }
}
