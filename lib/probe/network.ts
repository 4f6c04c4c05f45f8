/**
 * Addresses of this machine, and which of them a cluster should use. Nothing is sent: the answer
 * comes from the interfaces and the routing table.
 *
 * @module
 */

import { isLoopback, LOOPBACK } from "../runtime/loopback.ts";
import { type Host, systemHost } from "./host.ts";
import { defaultInterface, ipv4Number, readRoutes, type Route, routeTo } from "./routes.ts";

export interface InterfaceAddress {
  readonly interface: string;
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly loopback: boolean;
  /** Reaches only the same wire: fe80::/10 or 169.254.0.0/16. */
  readonly link_local: boolean;
}

export interface Network {
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly Route[];
}

type Listed = Pick<Deno.NetworkInterfaceInfo, "name" | "address" | "family">;

/** Bridges and tunnels that software makes; they rarely lead to another node of a cluster. */
const MADE_BY_SOFTWARE = /^(docker|br-|veth|virbr|cni|flannel|cali|podman|lxc|lxd|kube|nerdctl)/;

/** This machine's interfaces and routes. Both can be given, for tests. */
export function readNetwork(
  options: { readonly host?: Host; readonly interfaces?: readonly Listed[] } = {},
): Network {
  const listed = options.interfaces ?? Deno.networkInterfaces();
  return {
    addresses: listed.map(({ name, address, family }) => ({
      // `eth0:1` is a second address of eth0, and no library finds an interface by that name.
      interface: name.replace(/:.*$/, ""),
      address: bare(address),
      family,
      loopback: isLoopback(address),
      link_local: /^fe[89ab]/i.test(address) || address.startsWith("169.254."),
    })),
    routes: readRoutes(options.host ?? systemHost()),
  };
}

/** Name of the interface that carries an address of this machine; null if none does. */
export function interfaceOf(address: string, network: Network): string | null {
  const wanted = bare(address).toLowerCase();
  // The whole of 127.0.0.0/8 is this machine's, though the interface lists one address of it.
  return network.addresses.find((entry) =>
    entry.address.toLowerCase() === wanted || entry.loopback && isLoopback(wanted)
  )?.interface ?? null;
}

/**
 * Addresses under which other machines may reach this one, the likeliest first: the default
 * route's, other IPv4, IPv6, then those of software bridges. Link-local ones come last.
 */
export function candidateAddresses(network: Network): string[] {
  const first = defaultInterface(network.routes);
  const rank = (entry: InterfaceAddress) =>
    (entry.link_local ? 8 : 0) + (MADE_BY_SOFTWARE.test(entry.interface) ? 4 : 0) +
    (entry.family === "IPv6" ? 2 : 0) + (entry.interface === first ? 0 : 1);
  return network.addresses.filter((entry) => !entry.loopback)
    .map((entry, place) => ({ entry, place }))
    .sort((a, b) => rank(a.entry) - rank(b.entry) || a.place - b.place)
    .map(({ entry }) => entry.address);
}

/** The address a node takes when nothing says otherwise: 127.0.0.1 on a machine without network. */
export function primaryAddress(network: Network): string {
  const usable = candidateAddresses(network).filter((address) =>
    !network.addresses.some((entry) => entry.address === address && entry.link_local)
  );
  return usable[0] ?? LOOPBACK;
}

/**
 * The address of this machine that traffic to `target` (an IP address) would leave from: the
 * target itself where it is this machine's, else the routed interface's, else the primary one.
 */
export function addressToward(target: string, network: Network): string {
  const wanted = bare(target);
  if (isLoopback(wanted)) return LOOPBACK;
  if (interfaceOf(wanted, network) !== null) return wanted;
  const via = routeTo(wanted, network.routes);
  const family = ipv4Number(wanted) === null ? "IPv6" : "IPv4";
  const local = network.addresses.find((entry) =>
    entry.family === family && !entry.loopback && !entry.link_local &&
    (via === null || entry.interface === via)
  );
  return local?.address ?? primaryAddress(network);
}

/** Without brackets and zone: `[fe80::1%eth0]` is `fe80::1`. */
function bare(address: string): string {
  return address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
}
