/** Where a head listens. */
import { primaryAddress, readNetwork } from "../probe/network.ts";

/** For a head with a token: whoever comes must prove it. */
export const EVERY_ADDRESS = "0.0.0.0";

/** For an open head: the one address of the cluster, and no other network of the machine. */
export function ownAddress(nodeIp: string | undefined): string {
  return nodeIp ?? primaryAddress(readNetwork());
}
