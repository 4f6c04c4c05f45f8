/** A connection from nothing to its opening. */
import type { Address } from "./address.ts";
import { dial, type DialOptions, type Opened } from "./handshake.ts";
import { connectTo } from "./transport.ts";

/** See {@link dialTo}. */
export interface DialToOptions extends Omit<DialOptions, "bound"> {
  /** How long the connection may take, its opening apart, in milliseconds. */
  ms: number;
  /** The listener's name in a certificate of a beam authority. */
  name?: string | undefined;
}

/** A connection that was let in. */
export interface Dialed extends Opened {
  /** This side's address on it. */
  local: string;
}

/**
 * Connects, by TLS where the identity says whom to believe, and proves itself.
 * @throws what {@link connectTo} and {@link dial} throw
 */
export async function dialTo(address: Address, options: DialToOptions): Promise<Dialed> {
  const { ms, name, ...rest } = options;
  const { trust } = options.identity;
  const { stream, local, bound } = await connectTo(address, { ms, trust, name, peer: rest.peer });
  return { ...await dial(stream, { ...rest, bound }), local };
}
