/** HMAC-SHA256 over texts and bytes, each behind its length, so that no two lists of parts are one. */
import { createHmac } from "node:crypto";

/** 32 bytes that only who has the key can make. */
export function keyedHash(key: Uint8Array, ...parts: (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) {
    const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    hmac.update(length).update(bytes);
  }
  return new Uint8Array(hmac.digest());
}
