/** What a host name means on this machine: as every program here resolves it, /etc/hosts included. */
// Not `node:dns/promises`: importing that prints a warning of the runtime's own.
import { lookup } from "node:dns";

/** Its addresses in the resolver's order. @throws an error whose `code` is the resolver's: ENOTFOUND, EAI_AGAIN */
export function addressesOf(name: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, found) => {
      if (error) reject(error);
      else resolve((found as { address: string }[]).map(({ address }) => address));
    });
  });
}
