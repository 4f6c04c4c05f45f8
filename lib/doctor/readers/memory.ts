/** Memory and CPUs: the machine's, and what the control group leaves of them. */
import { numberOf, textOf } from "../../probe/host.ts";
import type { CpuFacts, MemoryFacts } from "../facts.ts";
import type { System } from "../system.ts";
import { groupsOf } from "./limits.ts";

/** What cgroup v1 says where nothing is limited: the largest multiple of a page. */
const NO_LIMIT = 2 ** 60;

export function readMemory(system: System): MemoryFacts {
  const text = system.read("/proc/meminfo").text ?? "";
  const field = (name: string, unit = 1024) => {
    const found = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text);
    return found === null ? null : Number(found[1]) * unit;
  };
  const pages = field("HugePages_Total", 1);
  const size = field("Hugepagesize");
  return {
    total: field("MemTotal"),
    free: field("MemFree"),
    available: field("MemAvailable"),
    swap_total: field("SwapTotal"),
    swap_free: field("SwapFree"),
    overcommit: numberOf(system, "/proc/sys/vm/overcommit_memory"),
    commit_limit: field("CommitLimit"),
    committed: field("Committed_AS"),
    ...groupMemory(system),
    huge_pages: pages === null || size === null ? null : pages * size,
  };
}

function groupMemory(system: System): Pick<MemoryFacts, "cgroup_limit" | "cgroup_used"> {
  let least: Pick<MemoryFacts, "cgroup_limit" | "cgroup_used"> = {
    cgroup_limit: null,
    cgroup_used: null,
  };
  for (const folder of groupsOf(system, "memory")) {
    const limit = numberOf(system, `${folder}/memory.max`) ??
      numberOf(system, `${folder}/memory.limit_in_bytes`);
    if (limit === null || limit >= NO_LIMIT) continue;
    if (least.cgroup_limit !== null && least.cgroup_limit <= limit) continue;
    least = { cgroup_limit: limit, cgroup_used: groupUsed(system, folder) };
  }
  return least;
}

/** Without the file cache, which the kernel gives back under pressure. */
function groupUsed(system: System, folder: string): number | null {
  const used = numberOf(system, `${folder}/memory.current`) ??
    numberOf(system, `${folder}/memory.usage_in_bytes`);
  if (used === null) return null;
  const stat = system.read(`${folder}/memory.stat`).text ?? "";
  const field = (name: string) =>
    Number(new RegExp(`^(?:total_)?${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return Math.max(0, used - field("inactive_file") - field("active_file"));
}

export function readCpus(system: System): CpuFacts {
  const status = system.read("/proc/self/status").text ?? "";
  const allowed = /^Cpus_allowed_list:\s+(\S+)/m.exec(status)?.[1] ?? null;
  return {
    online: count(textOf(system, "/sys/devices/system/cpu/online")) ??
      navigator.hardwareConcurrency,
    allowed: count(allowed),
    quota: quota(system),
  };
}

function quota(system: System): number | null {
  let least: number | null = null;
  for (const folder of groupsOf(system, "cpu")) {
    const v2 = textOf(system, `${folder}/cpu.max`)?.split(/\s+/);
    const share = v2 ? Number(v2[0]) : numberOf(system, `${folder}/cpu.cfs_quota_us`);
    const period = v2 ? Number(v2[1]) : numberOf(system, `${folder}/cpu.cfs_period_us`);
    if (share === null || period === null || !(share > 0 && period > 0)) continue;
    least = Math.min(least ?? Infinity, share / period);
  }
  return least;
}

/** How many CPUs a list such as `0-3,8` names. */
function count(list: string | null): number | null {
  if (list === null || !/^[\d,\s-]+$/.test(list)) return null;
  return list.split(",").reduce((sum, part) => {
    const [first, last = first] = part.trim().split("-").map(Number);
    return sum + last! - first! + 1;
  }, 0);
}
