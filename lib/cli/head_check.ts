/** Finds out, by a head's address, whether it is there and lets us in. */
import { type Address, addressText } from "../wire/address.ts";
import { HEAD_NAME } from "../wire/authority.ts";
import { trustInFiles } from "../wire/certificate_files.ts";
import { dialTo } from "../wire/dialing.ts";
import { LinkClosed, RequestFailed, WireError } from "../wire/errors.ts";
import type { Identity, Opened } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";
import { type Trust, trustIn } from "../wire/transport.ts";
import { Trouble } from "../runtime/errors.ts";
import { raysTlsFiles } from "../runtime/tls_config.ts";
import type { FoundToken } from "../runtime/token.ts";
import { buildName } from "../runtime/version.ts";

/** How long a head may take, in milliseconds. */
export const CHECK_TIMEOUT = 3000;

/** A token, and the authority to believe where its cluster has one. */
export type KnownToken = Pick<FoundToken, "token" | "authority">;

/** See {@link openHead}. */
export interface CheckOptions {
  /** Tokens to try, one after another; an open cluster is tried last. */
  tokens: readonly KnownToken[];
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
  const tried = new Set<string>();
  for (const { token, authority } of [...tokens, { token: "" }]) {
    if (tried.has(token)) continue;
    tried.add(token);
    const trust = await trustFor(authority);
    const identity: Identity = { build: buildName(), keys: new Keyring(token), trust };
    const peer = `the head at ${addressText(address)}`;
    try {
      const name = HEAD_NAME;
      return await dialTo(address, { identity, role: "health", peer, name, timeout, ms: timeout });
    } catch (error) {
      if (!(error instanceof WireError) || error instanceof LinkClosed) {
        throw unreachable(address, error as Error);
      }
      // The first refusal tells most: it is about the token that was given.
      refusal ??= error;
      if (!(error instanceof RequestFailed && ["token", "open"].includes(error.code))) break;
    }
  }
  throw refusal;
}

async function trustFor(authority: string | undefined): Promise<Trust | undefined> {
  const files = raysTlsFiles();
  if (files) return trustInFiles(files);
  return authority === undefined ? undefined : await trustIn(authority);
}

function unreachable(address: Address, error: Error): Trouble {
  const why = error instanceof Deno.errors.ConnectionRefused
    ? "nothing listens there"
    : error.message.replace(/ \(os error \d+\).*$/, "");
  return new Trouble(
    `Cannot reach the head at ${addressText(address)}: ${why}`,
    "Start it with `beam up --head`; " +
      `\`beam doctor --join ${addressText(address)}\` tells which step towards it fails.`,
    { code: "unreachable", cause: error },
  );
}
