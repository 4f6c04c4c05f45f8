/**
 * A node's key: random bytes of one daemon's life. Who joins again under a node's id must know it. The
 * books keep its digest only, for they are shown.
 */
import { createHash } from "node:crypto";
import type { NodeSpec } from "../cluster/node.ts";

/** What is kept of a key. */
export function keyDigest(key: Uint8Array): string {
  return createHash("sha256").update(key).digest("hex");
}

/** True where this is the key of the node, or none is known of it. */
export function isKey({ extra }: NodeSpec, key: Uint8Array | null | undefined): boolean {
  const digest = (extra as { key_digest?: unknown } | undefined)?.key_digest;
  return digest === undefined || (key ? digest === keyDigest(key) : false);
}
