/**
 * Join tokens: texts that let a machine join until they expire or are revoked. One has an id and a
 * secret made from the cluster's token and that id, so that the head can tell a true one without
 * keeping it. How long it is good, the head's journal says.
 */
import { randomBytes } from "node:crypto";
import { keyedHash } from "./keyed_hash.ts";

/** A join token in its parts. */
export interface JoinToken {
  /** 16 hex digits; no secret. */
  id: string;
  /** What its holder proves with. */
  secret: Uint8Array;
}

const FORM = /^beam-join-([0-9a-f]{16})-([\w-]{43})$/;

/** A new id. */
export function newJoinTokenId(): string {
  return randomBytes(8).toString("hex");
}

/** True for what may be an id. */
export function isJoinTokenId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The join token of this id in the cluster with this token. */
export function joinToken(token: Uint8Array, id: string): JoinToken {
  return { id, secret: keyedHash(token, "beam join token", id) };
}

/** As people pass it on: letters that need no quoting. */
export function joinTokenText({ id, secret }: JoinToken): string {
  const text = secret.toBase64({ alphabet: "base64url", omitPadding: true });
  return `beam-join-${id}-${text}`;
}

/** True for the text of a join token. */
export function isJoinToken(text: string): boolean {
  return FORM.test(text);
}

/** The parts of a join token's text; undefined where it is none. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  return { id, secret: Uint8Array.fromBase64(secret, { alphabet: "base64url" }) };
}
