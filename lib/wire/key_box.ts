/**
 * A token on its way over a connection that is authenticated but not encrypted: sealed for one receiver.
 *
 * Both sides make a key pair for this once (X25519). The box is AES-256-GCM under a key from what they
 * agree on and from the connection's own secret: who listens on the wire cannot open it, with a former
 * token neither, and who does not know the connection's secret cannot put one of their own in its place.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { ProtocolError } from "./errors.ts";
import { keyedHash } from "./keyed_hash.ts";

const CIPHER = "aes-256-gcm";
const NONCE = 12;
const TAG = 16;
const FORMAT = { type: "spki", format: "der" } as const;

/** One side's key pair. */
class Pair {
  readonly #private: KeyObject;
  /** For the other side. */
  readonly public: Uint8Array;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    this.#private = privateKey;
    this.public = new Uint8Array(publicKey.export(FORMAT));
  }

  /** What both sides come to. @throws {ProtocolError} for what is no key. */
  agree(other: Uint8Array): Uint8Array {
    let agreed: Uint8Array;
    try {
      const publicKey = createPublicKey({ key: new Uint8Array(other) as never, ...FORMAT });
      agreed = new Uint8Array(diffieHellman({ privateKey: this.#private, publicKey }));
    } catch (error) {
      throw new ProtocolError(`Cannot agree on a key: ${(error as Error).message}`);
    }
    // A few points make everybody agree on nothing.
    if (agreed.every((byte) => byte === 0)) throw new ProtocolError("Cannot agree on a key");
    return agreed;
  }
}

/** A sealed text, and the sealing side's public key. */
export interface KeyBox {
  public: Uint8Array;
  box: Uint8Array;
}

/** The receiver: its public key goes to the other side, the box comes back. */
export class KeyBoxReceiver {
  readonly #pair = new Pair();

  get public(): Uint8Array {
    return this.#pair.public;
  }

  /**
   * The text.
   * @param secret the connection's
   * @throws {ProtocolError} for a box that was not sealed for this receiver over this connection.
   */
  open(sealed: KeyBox, secret: Uint8Array): string {
    const { box } = sealed;
    if (box.length < NONCE + TAG) throw new ProtocolError("Cannot open a box: it is too short");
    const key = boxKey(secret, this.#pair.agree(sealed.public), this.public, sealed.public);
    const decipher = createDecipheriv(CIPHER, key, box.subarray(0, NONCE));
    decipher.setAuthTag(box.subarray(box.length - TAG));
    try {
      const first = decipher.update(box.subarray(NONCE, box.length - TAG));
      return first.toString("utf8") + decipher.final("utf8");
    } catch {
      throw new ProtocolError("Cannot open a box: it was sealed under another key");
    }
  }
}

/** Seals a text for the receiver with this public key. @throws {ProtocolError} for what is no key. */
export function sealKey(text: string, receiver: Uint8Array, secret: Uint8Array): KeyBox {
  const pair = new Pair();
  const key = boxKey(secret, pair.agree(receiver), receiver, pair.public);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const parts = [nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()];
  return { public: pair.public, box: new Uint8Array(joined(parts)) };
}

function boxKey(
  secret: Uint8Array,
  agreed: Uint8Array,
  receiver: Uint8Array,
  sealer: Uint8Array,
): Uint8Array {
  return keyedHash(secret, "beam key box", agreed, receiver, sealer);
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
