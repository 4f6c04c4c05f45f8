/** The addresses of this node and of its head, as others must know them. */
import { candidateAddresses, interfaceOf, type Network, primaryAddress } from "../probe/network.ts";
import { isLoopback } from "../runtime/loopback.ts";
import { type Address, addressText, isEveryAddress } from "../wire/address.ts";
import type { DaemonConfig } from "./config.ts";

/** Where this node dials its head. */
export function headDialAddress(config: DaemonConfig, port: number): Address {
  const { host } = config.head;
  return { host: isEveryAddress(host) ? "127.0.0.1" : host, port };
}

/** This node's address: the given one, the head's own, or the one its connection to the head uses. */
export function nodeAddress(config: DaemonConfig, local: string, network: Network): string {
  if (config.node_ip !== undefined) return config.node_ip;
  if (config.role === "join") return local;
  const { host } = config.head;
  if (isEveryAddress(host)) return primaryAddress(network);
  return host === "localhost" ? "127.0.0.1" : host;
}

/** Whether this machine has that address now. */
export function isHere(ip: string, network: Network): boolean {
  return interfaceOf(ip, network) !== null;
}

/** What is not well where a joiner's machine has lost the address by which it is known, in words. */
export function movedNotes(
  config: DaemonConfig,
  ip: string,
  local: string,
  network: Network,
): string[] {
  const isFixed = config.node_ip !== undefined || config.role === "head" || local === ip;
  if (isFixed || isHere(ip, network)) return [];
  return [
    `its machine has the address ${ip} no more, and reaches the head from ${local}: calls to it are ` +
    "relayed, and what its programs tell others to reach them by leads nowhere. Start it again there, " +
    "with `beam down` and `beam up --join`.",
  ];
}

/** What to do where the head's machine has lost the address by which it is known. */
export function lostAddressMend(ip: string): string {
  return `This machine has the address ${ip} no more: end this node with \`beam down\` and start it with ` +
    "`beam up --head`, and the others with `beam up --join` and its new address.";
}

/** Further addresses of this machine; none where the node's was given: it may be one of several here. */
export function nodeAliases(config: DaemonConfig, ip: string, network: Network): string[] {
  if (config.node_ip !== undefined || isLoopback(ip)) return [];
  return candidateAddresses(network).filter((address) => address !== ip);
}

/** `ip:port`s under which programs on this machine may name the head, its address not among them. */
export function headAliases(
  config: DaemonConfig,
  head: { address: string; port: number },
  aliases: readonly string[],
): string[] {
  const hosts = new Set(config.role === "head" ? aliases : []);
  if (!isEveryAddress(config.head.host)) hosts.add(config.head.host);
  return [...hosts].map((host) => addressText({ host, port: head.port }))
    .filter((address) => address !== head.address);
}
