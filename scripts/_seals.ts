/** What one seal costs by each hash and cipher that the runtime has, for a small and a whole record. */
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { RECORD_SIZE } from "../lib/wire/sealed_stream.ts";

const key = crypto.getRandomValues(new Uint8Array(32));
const nonce = new Uint8Array(12);

function gmac(name: "aes-128-gcm" | "aes-256-gcm", size: number, bytes: Uint8Array): Uint8Array {
  const cipher = createCipheriv(name, key.subarray(0, size), nonce);
  cipher.setAAD(bytes);
  cipher.final();
  return cipher.getAuthTag();
}

const seals: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  "BLAKE2b-512": (bytes) => createHash("blake2b512").update(key).update(bytes).digest(),
  "HMAC-SHA-256": (bytes) => createHmac("sha256", key).update(bytes).digest(),
  "AES-128-GMAC": (bytes) => gmac("aes-128-gcm", 16, bytes),
  "AES-256-GMAC": (bytes) => gmac("aes-256-gcm", 32, bytes),
};

/** Seconds of one, the median of several rounds. */
function cost(seal: (bytes: Uint8Array) => Uint8Array, size: number): number {
  const bytes = new Uint8Array(size);
  const times = Math.ceil(2_000_000 / (size + 2000));
  const rounds = Array.from({ length: 9 }, () => {
    const begun = performance.now();
    for (let i = 0; i < times; i++) seal(bytes);
    return (performance.now() - begun) / times / 1000;
  });
  return rounds.sort((a, b) => a - b)[4]!;
}

for (const [name, seal] of Object.entries(seals)) {
  const [small, whole] = [cost(seal, 100), cost(seal, RECORD_SIZE)];
  console.log(
    `${name}: ${(small * 1e6).toFixed(1)} µs for 100 bytes, ` +
      `${Math.round(RECORD_SIZE / whole / 1e6)} MB/s in whole records`,
  );
}
