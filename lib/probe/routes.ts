/**
 * The kernel's IPv4 routing table as /proc shows it.
 *
 * @module
 */

import type { Host } from "./host.ts";

export interface Route {
  readonly interface: string;
  /** Network and mask as unsigned 32-bit numbers; the default route has 0 for both. */
  readonly network: number;
  readonly mask: number;
  readonly metric: number;
}

const UP = 0x1;
const REJECT = 0x200;

/** Usable routes, the most specific first and then the cheapest; empty without /proc. */
export function readRoutes(host: Host): Route[] {
  const routes: Route[] = [];
  for (const line of (host.read("/proc/net/route").text ?? "").split("\n").slice(1)) {
    const [name, network, , flags, , , metric, mask] = line.trim().split(/\s+/);
    if (name === undefined || network === undefined || mask === undefined) continue;
    const bits = parseInt(flags ?? "0", 16);
    if ((bits & UP) === 0 || (bits & REJECT) !== 0) continue;
    routes.push({
      interface: name,
      network: littleEndian(network),
      mask: littleEndian(mask),
      metric: Number(metric),
    });
  }
  return routes.sort((a, b) => b.mask - a.mask || a.metric - b.metric);
}

/** Interface through which packets to an IPv4 address leave; null if no route fits. */
export function routeTo(address: string, routes: readonly Route[]): string | null {
  const number = ipv4Number(address);
  if (number === null) return null;
  return routes.find((route) => ((number & route.mask) >>> 0) === route.network)?.interface ?? null;
}

/** Interface of the default route; null where there is none. */
export function defaultInterface(routes: readonly Route[]): string | null {
  return routes.find((route) => route.mask === 0)?.interface ?? null;
}

/** `10.0.0.1` as an unsigned 32-bit number; null for anything else. */
export function ipv4Number(address: string): number | null {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && +part < 256)) {
    return null;
  }
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/** The table prints addresses as the machine's words, which are little-endian where beam runs. */
function littleEndian(hex: string): number {
  const bytes = hex.padStart(8, "0").match(/../g) ?? [];
  return parseInt(bytes.reverse().join(""), 16);
}
