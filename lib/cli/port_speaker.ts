/**
 * What listens on a port that is no head of beam: it is greeted as an HTTP/2 client does, and answers in
 * its own way. Ray's head is a gRPC server; Redis, which has the same port, answers that it knows no such
 * command.
 */
import { inTime } from "../doctor/in_time.ts";
import type { Address } from "../wire/address.ts";

/** The client's preface and its empty SETTINGS frame. */
const GREETING = new Uint8Array([
  ...new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  ...[0, 0, 0, 4, 0, 0, 0, 0, 0],
]);
const SETTINGS = 4;
const TLS_ALERT = 0x15;

/** In words, with an article; undefined where it says nothing that is known. Never rejects. */
export async function speakerAt(address: Address, ms: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(ms);
  let conn: Deno.TcpConn | undefined;
  try {
    const { host: hostname, port } = address;
    conn = await inTime(Deno.connect({ hostname, port, signal }), signal);
    await inTime(conn.write(GREETING), signal);
    const bytes = new Uint8Array(64);
    const count = await inTime(conn.read(bytes), signal);
    return speakerOf(bytes.subarray(0, count ?? 0));
  } catch {
    return undefined;
  } finally {
    try {
      conn?.close();
    } catch { /* it ended by itself */ }
  }
}

/** By the first bytes of an answer. */
export function speakerOf(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes);
  if (/^[+-](ERR|NOAUTH|DENIED|PONG|OK)/.test(text)) return "a Redis server";
  if (text.startsWith("HTTP/1")) return "an HTTP server";
  if (text.startsWith("SSH-")) return "an SSH server";
  if (bytes.length >= 9 && bytes[3] === SETTINGS) return "a gRPC server, as Ray's head is";
  if (bytes[0] === TLS_ALERT && bytes[1] === 3) return "a server that speaks TLS";
  return undefined;
}
