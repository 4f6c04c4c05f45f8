/**
 * Facts of the machine that the daemon offers as resources: CPUs, memory, object store. Limits of
 * the container count as Ray counts them, so that a cluster moved over from Ray offers the same.
 *
 * @module
 */

import { exists, type Host, numberOf, systemHost, textOf } from "./host.ts";
import type { Environment } from "./masks.ts";
import { memoryAvailable, memoryTotal } from "./meminfo.ts";

export interface MachineFacts {
  readonly hostname: string;
  /** `x86_64` or `aarch64`. */
  readonly arch: string;
  readonly os: string;
  /** Whole CPUs, 1 or more. */
  readonly cpus: number;
  /** Bytes that this container or machine has. */
  readonly memory_bytes: number;
  /** Bytes of it that nobody uses now. */
  readonly memory_available_bytes: number;
  /** Free bytes of /dev/shm, null where there is none. */
  readonly shm_bytes: number | null;
  /** Default size of the object store. */
  readonly object_store_bytes: number;
}

export interface MachineOptions {
  readonly root?: string;
  readonly env?: Environment;
  readonly host?: Host;
}

const CGROUP = "/sys/fs/cgroup";
const STORE_SHARE = 0.3;
const STORE_MOST = 200e9;
/** However small /dev/shm is, Ray plans up to this much and spills. */
const STORE_SHM_FLOOR = 10e9;
/** /dev/shm is never filled to its last byte. */
const SHM_SHARE = 0.95;

export function machineFacts(options: MachineOptions = {}): MachineFacts {
  const host = options.host ?? systemHost(options.root);
  const memory = memoryBytes(host);
  const available = availableBytes(host, memory);
  const shm = host.freeBytes("/dev/shm");
  return {
    hostname: textOf(host, "/proc/sys/kernel/hostname") ?? Deno.hostname(),
    arch: Deno.build.arch,
    os: Deno.build.os,
    cpus: cpuCount(host, options.env ?? {}),
    memory_bytes: memory,
    memory_available_bytes: available,
    shm_bytes: shm,
    object_store_bytes: objectStoreDefault(available, shm),
  };
}

/**
 * CPUs online, or fewer where a cgroup (v1 quota or cpuset, v2 `cpu.max`) allows fewer; parts of a
 * CPU are dropped. RAY_USE_MULTIPROCESSING_CPU_COUNT, set, ignores cgroups as it does in Ray.
 */
export function cpuCount(host: Host, env: Environment = {}): number {
  const online = cpuList(textOf(host, "/sys/devices/system/cpu/online")) ??
    navigator.hardwareConcurrency;
  if (env.RAY_USE_MULTIPROCESSING_CPU_COUNT) return online;
  const allowed = cpuList(textOf(host, `${CGROUP}/cpuset/cpuset.cpus`)) ?? online;
  return Math.max(1, Math.floor(Math.min(online, allowed, quota(host) ?? online)));
}

/** The smaller of physical memory and the cgroup's limit. */
export function memoryBytes(host: Host): number {
  const physical = memoryTotal(host) ?? Deno.systemMemoryInfo().total;
  const limit = numberOf(host, `${CGROUP}/memory/memory.limit_in_bytes`) ??
    numberOf(host, `${CGROUP}/memory.max`);
  return Math.min(physical, limit ?? physical);
}

/** `memory` less what is in use; in a container, less what the container itself uses. */
export function availableBytes(host: Host, memory: number): number {
  const used = cgroupUsed(host, `${CGROUP}/memory/memory.usage_in_bytes`, "memory/", "total_") ??
    cgroupUsed(host, `${CGROUP}/memory.current`, "", "");
  const available = memoryAvailable(host) ?? Deno.systemMemoryInfo().available;
  if (used === null) return Math.min(memory, available);
  return Math.max(0, memory - used);
}

/**
 * Ray's default: 30 % of available memory, at most 200 GB, and at most 95 % of what /dev/shm has
 * free (but a small /dev/shm does not push it below 10 GB).
 */
export function objectStoreDefault(available: number, shm: number | null): number {
  const cap = shm === null
    ? STORE_MOST
    : Math.min(STORE_MOST, Math.max(STORE_SHM_FLOOR, Math.floor(shm * SHM_SHARE)));
  return Math.min(Math.floor(available * STORE_SHARE), cap);
}

function quota(host: Host): number | null {
  const v1 = `${CGROUP}/cpu/cpu.cfs_quota_us`;
  const [quota, period] = exists(host, v1)
    ? [textOf(host, v1), textOf(host, `${CGROUP}/cpu/cpu.cfs_period_us`)]
    : (textOf(host, `${CGROUP}/cpu.max`) ?? "").split(/\s+/);
  // v1 says -1 for no quota, v2 says max.
  const isCount = (text: string | null | undefined) => /^\d+$/.test(text ?? "");
  return isCount(quota) && isCount(period) && Number(period) > 0
    ? Number(quota) / Number(period)
    : null;
}

/** Usage without the page cache, which the kernel gives back under pressure. */
function cgroupUsed(host: Host, usage: string, folder: string, prefix: string): number | null {
  const used = numberOf(host, usage);
  const stat = host.read(`${CGROUP}/${folder}memory.stat`).text;
  if (used === null || stat === null) return null;
  const field = (name: string) => {
    const found = new RegExp(`^${prefix}${name} (\\d+)$`, "m").exec(stat);
    return found === null ? null : Number(found[1]);
  };
  const [inactive, active] = [field("inactive_file"), field("active_file")];
  return inactive === null || active === null ? null : Math.max(0, used - inactive - active);
}

/** How many CPUs a list such as `0-3,8` names; null for none. */
function cpuList(text: string | null): number | null {
  if (text === null) return null;
  let count = 0;
  for (const part of text.split(",")) {
    const found = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (found === null) return null;
    count += Number(found[2] ?? found[1]) - Number(found[1]) + 1;
  }
  return count;
}
