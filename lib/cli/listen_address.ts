/** Where a head listens. */
import { isIP } from "node:net";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { UsageError } from "./command.ts";
import type { Called } from "./parse.ts";

/**
 * The address a head listens on: the asked one, else the cluster's, so that no other network of the
 * machine reaches it.
 * @throws {UsageError} where what was asked for is no address.
 */
export function listenHost(asked: Called | undefined, nodeIp?: string): string {
  if (!asked) return nodeIp ?? primaryAddress(readNetwork());
  if (isIP(asked.text)) return asked.text;
  throw new UsageError(
    `Cannot use ${asked.called}=${asked.text}: it must be an IP address of this machine, or 0.0.0.0 for all`,
    "Leave it out, and the head listens on this node's address and on loopback.",
  );
}
