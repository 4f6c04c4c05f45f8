/** Who has the port that the head wants. */
import { isEveryAddress } from "../wire/address.ts";
import { RequestFailed } from "../wire/errors.ts";
import { dial } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";

/** How long the holder may take to say who it is, in milliseconds. */
const ASK_MS = 1000;

/**
 * A sentence's end about the process that listens there: a beam head, a beam node or another program.
 * Asks it as a joining node would, without proving anything.
 */
export async function holderText(host: string, port: number): Promise<string> {
  const address = { hostname: isEveryAddress(host) ? "127.0.0.1" : host, port };
  let stream: Deno.TcpConn;
  try {
    stream = await Deno.connect(address);
  } catch {
    return "another program holds it";
  }
  const identity = { build: "beam", keys: new Keyring() };
  try {
    const opened = await dial(stream, { identity, role: "node", peer: "it", timeout: ASK_MS });
    opened.stream.close();
    return "another beam head holds it";
  } catch (error) {
    if (!(error instanceof RequestFailed)) return "another program holds it";
    if (error.code === "tls") return "a program that speaks TLS holds it, maybe another beam head";
    return error.code === "role" ? "a beam node holds it" : "another beam head holds it";
  }
}
