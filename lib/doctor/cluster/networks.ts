/** In which networks the nodes of a cluster are. */
import { ipv4Number } from "../../probe/routes.ts";
import type { InterfaceFacts } from "../facts.ts";
import type { NodePicture } from "./picture.ts";

/** The interface that carries the node's address. */
export function deviceOf({ facts, ip }: NodePicture): InterfaceFacts | undefined {
  return facts?.network.interfaces.find(({ addresses }) =>
    addresses.some(({ address }) => address === ip)
  );
}

/** The network in which others know a node; its address alone where that is not told. */
export function networkOf(node: NodePicture): string {
  const own = deviceOf(node)?.addresses.find(({ address }) => address === node.ip);
  return subnetOf(node.ip, own?.prefix ?? 32);
}

/** True where the node's machine has an interface in the network of that address. */
export function isInNetworkOf({ facts }: NodePicture, address: string): boolean {
  const all = facts?.network.interfaces.flatMap(({ addresses }) => addresses) ?? [];
  return all.some((own) =>
    own.family === "IPv4" && own.prefix !== null &&
    subnetOf(own.address, own.prefix) === subnetOf(address, own.prefix)
  );
}

/** The network that an address with a prefix is in: `10.0.0.0/24`. Of IPv6 the address alone. */
export function subnetOf(address: string, prefix: number): string {
  const number = ipv4Number(address);
  if (number === null) return `${address}/128`;
  const mask = prefix === 0 ? 0 : (~0 << (32 - prefix)) >>> 0;
  const network = (number & mask) >>> 0;
  return `${[24, 16, 8, 0].map((bits) => (network >>> bits) & 255).join(".")}/${prefix}`;
}

/** True where it names no more than one address. */
export function isAlone(network: string): boolean {
  return /\/(31|32|128)$/.test(network);
}
