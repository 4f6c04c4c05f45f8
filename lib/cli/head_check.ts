/** Finds out, by a head's address, whether it is there and lets us in. */
import { type Address, addressText } from "../wire/address.ts";
import { dial, type Identity, type Opened } from "../wire/handshake.ts";
import { RequestFailed } from "../wire/errors.ts";
import { Keyring } from "../wire/keyring.ts";
import { Trouble } from "../runtime/errors.ts";
import { buildName } from "../runtime/version.ts";

/** How long a head may take, in milliseconds. */
export const CHECK_TIMEOUT = 3000;

/** See {@link openHead}. */
export interface CheckOptions {
  /** Tokens to try, one after another; an open cluster is tried last. */
  tokens: readonly string[];
  timeout?: number;
}

/** Resolves where a head at `address` lets us in. Throws what {@link openHead} throws. */
export async function checkHead(address: Address, options: CheckOptions): Promise<void> {
  const { stream } = await openHead(address, options);
  stream.close();
}

/**
 * A connection that the head at `address` has let in, over which it may be asked for its status.
 * @throws {Trouble} where nothing listens there in time, {@link RequestFailed} where it refuses.
 */
export async function openHead(address: Address, options: CheckOptions): Promise<Opened> {
  const { tokens, timeout = CHECK_TIMEOUT } = options;
  let refusal: unknown;
  for (const token of [...new Set([...tokens, ""])]) {
    const identity: Identity = { build: buildName(), keys: new Keyring(token) };
    const peer = `the head at ${addressText(address)}`;
    const stream = await connect(address, timeout);
    try {
      return await dial(stream, { identity, role: "health", peer, timeout });
    } catch (error) {
      // The first refusal tells most: it is about the token that was given.
      refusal ??= error;
      if (!(error instanceof RequestFailed && ["token", "open"].includes(error.code))) break;
    }
  }
  throw refusal;
}

async function connect(address: Address, timeout: number): Promise<Deno.TcpConn> {
  const { host: hostname, port } = address;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeout);
  try {
    return await Deno.connect({ hostname, port, signal: controller.signal });
  } catch (error) {
    const why = error instanceof Deno.errors.ConnectionRefused
      ? "nothing listens there"
      : controller.signal.aborted
      ? `no answer within ${timeout / 1000} s`
      : (error as Error).message.replace(/ \(os error \d+\).*$/, "");
    throw new Trouble(
      `Cannot reach the head at ${addressText(address)}: ${why}`,
      "Start it with `beam up --head`, and see that this machine may reach that port.",
      { code: "unreachable", cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}
