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
  return subnetOf(node.ip, own?.prefix ?? (node.ip.includes(":") ? 128 : 32));
}

/** True where the node's machine has an interface in the network of that address. */
export function isInNetworkOf({ facts }: NodePicture, address: string): boolean {
  const all = facts?.network.interfaces.flatMap(({ addresses }) => addresses) ?? [];
  return all.some((own) =>
    own.prefix !== null && (own.family === "IPv6") === address.includes(":") &&
    subnetOf(own.address, own.prefix) === subnetOf(address, own.prefix)
  );
}

/** The network that an address with a prefix is in: `10.0.0.0/24`, `fd00::/64`. */
export function subnetOf(address: string, prefix: number): string {
  if (ipv4Number(address) !== null) {
    const bytes = masked(address.split(".").map(Number), prefix, 8);
    return `${bytes.join(".")}/${prefix}`;
  }
  const groups = masked(groupsOf(address), prefix, 16).map((group) => group.toString(16));
  // Written as short as it can be by the one who knows how.
  const { hostname } = new URL(`http://[${groups.join(":")}]`);
  return `${hostname.slice(1, -1)}/${prefix}`;
}

/** Only the first `prefix` bits, in parts of `size` bits. */
function masked(parts: readonly number[], prefix: number, size: number): number[] {
  return parts.map((part, at) => {
    const bits = Math.max(0, Math.min(size, prefix - at * size));
    return part & (2 ** size - 2 ** (size - bits));
  });
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const numbers = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => parseInt(group, 16) || 0);
  const [front = "", back] = address.split("::");
  const [head, tail] = [numbers(front), numbers(back ?? "")];
  return [...head, ...Array(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}

/** True where it names no more than one address. */
export function isAlone(network: string): boolean {
  return /\/(31|32|128)$/.test(network);
}
