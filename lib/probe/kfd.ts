/**
 * AMD's KFD topology in /sys: one numbered folder per agent, CPUs and GPUs alike, in the order in
 * which ROCr enumerates them. `gpu_id` and `name` are files there, everything else is a
 * `key value` line of `properties`; a missing line is not zero.
 *
 * @module
 */

import type { Host } from "./host.ts";
import { hex4, VENDORS } from "./pci.ts";

const ROOTS = [
  "/sys/class/kfd/kfd/topology/nodes",
  "/sys/devices/virtual/kfd/kfd/topology/nodes",
] as const;

export interface KfdNode {
  readonly number: number;
  /** Why the node's files cannot be read; EPERM is how a device cgroup hides a GPU. */
  readonly refused: string | null;
  readonly properties: ReadonlyMap<string, string>;
  /** Bytes of frame buffer in its memory banks. On current kernels an APU reports its GTT here. */
  readonly bank_bytes: number;
}

/** All nodes in ascending number (10 after 9); empty where there is no KFD. */
export function kfdNodes(host: Host): KfdNode[] {
  for (const root of ROOTS) {
    const numbers = host.list(root).filter((name) => /^\d+$/.test(name)).map(Number);
    if (numbers.length === 0) continue;
    return numbers.sort((a, b) => a - b).map((number) => readNode(host, `${root}/${number}`));
  }
  return [];
}

/** A property as a number; null where the line is missing or is no number. */
export function property(node: KfdNode, key: string): number | null {
  const text = node.properties.get(key);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

/**
 * Whether a readable node is an AMD GPU that programs can use: the vendor, a target version and a
 * render minor. Kernels of the Vega 10 era print no target version; there the SIMDs decide.
 */
export function isAmdGpu(node: KfdNode): boolean {
  if (property(node, "vendor_id") !== VENDORS.amd) return false;
  const target = property(node, "gfx_target_version") ?? property(node, "simd_count") ?? 0;
  return target > 0 && (property(node, "drm_render_minor") ?? 1) > 0;
}

/** `gfx90a` of 90010: minor and step are printed in hex. Null where the kernel does not say. */
export function gfxName(node: KfdNode): string | null {
  const version = property(node, "gfx_target_version");
  if (version === null || version <= 0) return null;
  const minor = Math.floor(version / 100) % 100;
  return `gfx${Math.floor(version / 10_000)}${minor.toString(16)}${(version % 100).toString(16)}`;
}

/** Compute units; 0 where the node has no SIMDs. */
export function computeUnits(node: KfdNode): number {
  const perUnit = property(node, "simd_per_cu");
  return Math.floor((property(node, "simd_count") ?? 0) / (perUnit === null ? 4 : perUnit || 1));
}

/**
 * PCI address of the card, function 0: partitions of one card carry their number in the function
 * bits of `location_id`, and no such function exists.
 */
export function cardAddress(node: KfdNode): string | null {
  const location = property(node, "location_id");
  if (location === null || location === 0) return null;
  const bus = (location >> 8 & 0xff).toString(16).padStart(2, "0");
  const device = (location >> 3 & 0x1f).toString(16).padStart(2, "0");
  return `${hex4(property(node, "domain") ?? 0)}:${bus}:${device}.0`;
}

/** The id as ROCr prints it, `GPU-` and 16 hex digits; null where the node has none. */
export function rocrUuid(node: KfdNode): string | null {
  const text = node.properties.get("unique_id");
  if (text === undefined || !/^\d+$/.test(text)) return null;
  const id = BigInt(text);
  return id === 0n ? null : `GPU-${id.toString(16).padStart(16, "0")}`;
}

function readNode(host: Host, at: string): KfdNode {
  const number = Number(at.slice(at.lastIndexOf("/") + 1));
  // ROCm's own order: gpu_id is what tells it that a node is hidden from this process.
  const id = host.read(`${at}/gpu_id`);
  const properties = host.read(`${at}/properties`);
  const refused = [id.errno, properties.errno].find((e) => e !== null && e !== "ENOENT") ?? null;
  if (refused !== null || properties.text === null) {
    return { number, refused: refused ?? "ENOENT", properties: new Map(), bank_bytes: 0 };
  }
  return { number, refused: null, properties: pairs(properties.text), bank_bytes: banks(host, at) };
}

function banks(host: Host, at: string): number {
  let bytes = 0;
  for (const bank of host.list(`${at}/mem_banks`)) {
    const values = pairs(host.read(`${at}/mem_banks/${bank}/properties`).text ?? "");
    // 1 and 2 are frame buffer (visible and not); 0 is system memory, the rest are scratch areas.
    if (values.get("heap_type") === "1" || values.get("heap_type") === "2") {
      bytes += Number(values.get("size_in_bytes") ?? 0);
    }
  }
  return bytes;
}

function pairs(text: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [key, value] = line.trim().split(/\s+/);
    if (key && value !== undefined) map.set(key, value);
  }
  return map;
}
