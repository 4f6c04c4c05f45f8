/** Addresses of this machine: where a head listens, and what a node is known by. */
import { isIP } from "node:net";
import { type Network, primaryAddress, readNetwork } from "../probe/network.ts";
import { isEveryAddress } from "../wire/address.ts";
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

/**
 * The address that a node is to be known by, where somebody said one.
 * @throws {UsageError} for what is no address of one machine, such as an interface's name
 */
export function nodeAddress(
  asked: Called | undefined,
  network: () => Network = readNetwork,
): string | undefined {
  if (!asked) return undefined;
  const { called, text } = asked;
  if (isIP(text) && !isEveryAddress(text)) return text;
  const there = network();
  const meant = there.addresses.filter(({ interface: of }) => of === text);
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be the IP address by which other machines reach this one`,
    meant.length > 0
      ? `The interface ${text} has ${meant.map(({ address }) => address).join(", ")}.`
      : `This machine has ${ownAddressesText(there)}.`,
  );
}

/** `10.0.0.1 (eth0), …`: what other machines may reach. */
export function ownAddressesText({ addresses }: Network): string {
  return addresses.filter(({ loopback, link_local }) => !loopback && !link_local)
    .map(({ interface: of, address }) => `${address} (${of})`).join(", ") || "loopback only";
}
