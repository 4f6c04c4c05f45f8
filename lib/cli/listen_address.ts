/** Where a head listens. */
import { isIP } from "node:net";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import { UsageError } from "./command.ts";

/** The variable that stands for `--listen`, for `ray start` too, which has no such flag. */
const VARIABLE = "BEAM_LISTEN";

/** What {@link listenHost} goes by. */
export interface ListenOptions {
  /** `--listen`. */
  flag?: string | undefined;
  nodeIp?: string | undefined;
  env?: Env;
}

/**
 * The address a head listens on: the asked one, else the cluster's, so that no other network of the
 * machine reaches it.
 * @throws {UsageError} where what was asked for is no address.
 */
export function listenHost({ flag, nodeIp, env = processEnv }: ListenOptions = {}): string {
  const [called, host] = flag === undefined ? [VARIABLE, env(VARIABLE)] : ["--listen", flag];
  if (!host && flag === undefined) return nodeIp ?? primaryAddress(readNetwork());
  if (host && isIP(host)) return host;
  throw new UsageError(
    `Cannot use ${called}=${host}: it must be an IP address of this machine, or 0.0.0.0 for all`,
    "Leave it out, and the head listens on this node's address and on loopback.",
  );
}
