/**
 * The authority of a cluster with TLS: a key of the head that signs the certificates of all its ports.
 *
 * Who has the authority's public key, 32 bytes, as long as a digest would be, can check the very first
 * handshake with the head: from that key it makes the root certificate that TLS wants (of a root,
 * only name and key are looked at; whoever uses it has it from a token, not from the wire).
 *
 * A certificate names its owner by the digest of its own key, and the head by {@link HEAD_NAME} besides.
 * So nobody can be given a certificate for another's name, a proof that has the name in it is bound to
 * the key that the connection was made with, and a renewed certificate has the same name.
 */
import { createHash, randomBytes } from "node:crypto";
import { LONGEST_TIMER } from "../runtime/clock.ts";
import { isAuthorityId } from "../runtime/tls_config.ts";

/** The head's name. */
export const HEAD_NAME = "head.beam.internal";
/** How long certificates are good, in milliseconds, where nobody said: a week. */
export const CERTIFICATE_LIFETIME = 7 * 24 * 3_600_000;
/** How far the clocks of two machines may differ, in milliseconds. */
export const CLOCK_SKEW = 24 * 3_600_000;
const SUBJECT = "CN=beam cluster authority";
const ALGORITHM = { name: "Ed25519" } as const;
const KEY_SIZE = 32;

/** What a port shows, and the key that proves it. */
export interface Certificate {
  /** PEM. */
  certificate: string;
  key: string;
  /** The name by which this port's owner is known; proofs are bound to it. Empty: to none. */
  name: string;
  /** When it ends, in milliseconds since the epoch. */
  until: number;
}

/** A key pair of a port. */
export interface KeyPair {
  /** 32 bytes. */
  public: Uint8Array<ArrayBuffer>;
  /** PEM. */
  private: string;
}

/** See the top of this file. */
export interface Authority {
  /** Its public key in 43 letters: what a token carries. */
  id: string;
  /**
   * A certificate in PEM for a key, and when it ends.
   * @throws {TypeError} where that is no key
   */
  certify(
    key: Uint8Array<ArrayBuffer>,
    options: { now: number; isHead?: boolean },
  ): Promise<{ certificate: string; until: number }>;
}

/** After how many milliseconds a certificate that is good for so many is renewed. */
export function renewalAfter(lifetime: number): number {
  return Math.max(1, Math.min((lifetime * 2) / 3, LONGEST_TIMER));
}

/** The name of a key's owner. */
export function nameOf(key: Uint8Array): string {
  return `${createHash("sha256").update(key).digest("hex").slice(0, 40)}.beam.internal`;
}

/** A new key pair. */
export async function newKeyPair(): Promise<KeyPair> {
  const pair = await generate();
  return {
    public: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
    private: await pemOf(pair.privateKey),
  };
}

/** A new authority's private key in PEM. */
export async function newAuthority(): Promise<string> {
  return (await newKeyPair()).private;
}

/**
 * The authority with this private key.
 * @param lifetime of its certificates, in milliseconds
 * @throws {Error} where the text is no such key
 */
export async function openAuthority(
  privatePem: string,
  lifetime = CERTIFICATE_LIFETIME,
): Promise<Authority> {
  const x509 = await import("x509");
  const der = x509.PemConverter.decodeFirst(privatePem);
  const key = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  if (x === undefined || !isAuthorityId(x)) throw new Error("it has no public key");
  return {
    id: x,
    async certify(raw, { now, isHead = false }) {
      const until = now + lifetime;
      const name = nameOf(raw);
      const names = isHead ? [name, HEAD_NAME] : [name];
      const made = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: `CN=${name}`,
        issuer: SUBJECT,
        notBefore: new Date(now - CLOCK_SKEW),
        notAfter: new Date(until),
        publicKey: await publicKey(raw),
        signingKey: key,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: "dns" as const, value })),
          ),
        ],
      });
      return { certificate: made.toString("pem"), until };
    },
  };
}

/**
 * The root certificate, in PEM, of the authority with this id. Its signature is nobody's.
 * @throws {Error} where that is no id
 */
export async function rootOf(id: string): Promise<string> {
  const x509 = await import("x509");
  const raw = Uint8Array.fromBase64(id, { alphabet: "base64url" });
  const nobody = await generate();
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: "01",
    subject: SUBJECT,
    issuer: SUBJECT,
    notBefore: new Date(0),
    notAfter: new Date("9999-12-31T23:59:59Z"),
    publicKey: await publicKey(raw),
    signingKey: nobody.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return made.toString("pem");
}

async function generate(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as CryptoKeyPair;
}

async function publicKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  if (raw.length !== KEY_SIZE) {
    throw new TypeError(`a key has ${KEY_SIZE} bytes, got ${raw.length}`);
  }
  return await crypto.subtle.importKey("raw", raw, ALGORITHM, true, ["verify"]);
}

async function pemOf(key: CryptoKey): Promise<string> {
  const x509 = await import("x509");
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

/** Random, positive, of 16 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  bytes[0]! |= 0x01;
  return bytes.toString("hex");
}
