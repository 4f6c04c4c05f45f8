/**
 * PCI addresses and the PCI tree of /sys. The tree is not namespaced: inside a container it still
 * lists the host's cards, so it says what exists, never what may be used.
 *
 * @module
 */

import { type Host, textOf } from "./host.ts";

export const VENDORS = { amd: 0x1002, intel: 0x8086, nvidia: 0x10de, google: 0x1ae0 } as const;

export interface PciFunction {
  /** As the kernel names it. */
  readonly address: string;
  readonly vendor: number;
  readonly device: number;
  /** Base and sub class, 0x0302 for a 3D controller. */
  readonly kind: number;
}

const ADDRESS = /^([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])$/i;

/** `0000000F:01:00.0` and `000f:01:00.0` are one address: lower case, domain of four digits or more. */
export function normalAddress(address: string): string | null {
  const parts = ADDRESS.exec(address.trim());
  if (parts === null) return null;
  const domain = parseInt(parts[1]!, 16).toString(16).padStart(4, "0");
  return `${domain}:${parts[2]}:${parts[3]}.${parts[4]}`.toLowerCase();
}

/** Ascending bus order, as CUDA's PCI_BUS_ID numbers devices. Unparsable ones come last. */
export function compareAddresses(a: string, b: string): number {
  const [left, right] = [sortKey(a), sortKey(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Whether two files mean the same function. Where the domain has 32 bits, NVIDIA's folder in /proc
 * keeps only the low 16.
 */
export function sameAddress(a: string, b: string): boolean {
  const [left, right] = [normalAddress(a), normalAddress(b)];
  if (left === null || right === null) return false;
  return left === right || low16(left) === low16(right) && (is32bit(left) || is32bit(right));
}

/** Every PCI function whose vendor and class can be read. */
export function scanPci(host: Host): PciFunction[] {
  const functions: PciFunction[] = [];
  for (const address of host.list("/sys/bus/pci/devices").sort(compareAddresses)) {
    const at = `/sys/bus/pci/devices/${address}`;
    const vendor = hexOf(host, `${at}/vendor`);
    const code = hexOf(host, `${at}/class`);
    if (vendor === null || code === null) continue;
    functions.push({
      address,
      vendor,
      device: hexOf(host, `${at}/device`) ?? 0,
      kind: code >> 8,
    });
  }
  return functions;
}

/** `10de:2330`, as lspci prints an id. */
export function pciId(entry: PciFunction): string {
  return `${hex4(entry.vendor)}:${hex4(entry.device)}`;
}

/** A file such as `0x10de`. */
export function hexOf(host: Host, path: string): number | null {
  const text = textOf(host, path);
  return text !== null && /^0x[0-9a-f]+$/i.test(text) ? parseInt(text, 16) : null;
}

export function hex4(value: number): string {
  return value.toString(16).padStart(4, "0");
}

function sortKey(address: string): string {
  const normal = normalAddress(address);
  return normal === null ? `~${address}` : normal.padStart(16, "0");
}

function low16(normal: string): string {
  return normal.slice(normal.indexOf(":") - 4);
}

function is32bit(normal: string): boolean {
  return normal.indexOf(":") > 4;
}
