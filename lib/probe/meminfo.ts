/**
 * /proc/meminfo.
 *
 * @module
 */

import type { Host } from "./host.ts";

/** Physical memory in bytes, null where /proc has none. */
export function memoryTotal(host: Host): number | null {
  return field(host, "MemTotal");
}

/** Bytes that programs could still get without swapping, null where unknown. */
export function memoryAvailable(host: Host): number | null {
  return field(host, "MemAvailable");
}

function field(host: Host, name: string): number | null {
  const text = host.read("/proc/meminfo").text ?? "";
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text);
  return found === null ? null : Number(found[1]) * 1024;
}
