/** Limits of the process that starts workers: they inherit them. */
import { numberOf, textOf } from "../../probe/host.ts";
import { groupFolders } from "../../runtime/cgroup.ts";
import type { Limit, LimitFacts } from "../facts.ts";
import type { System } from "../system.ts";

const CAP_IPC_LOCK = 14;

export function readLimits(system: System): LimitFacts {
  const text = system.read("/proc/self/limits").text ?? "";
  return {
    open_files: limit(text, "Max open files"),
    processes: limit(text, "Max processes"),
    locked_memory: limit(text, "Max locked memory"),
    may_lock: capability(system, CAP_IPC_LOCK),
    cgroup_pids: cgroupPids(system),
    threads_max: numberOf(system, "/proc/sys/kernel/threads-max"),
  };
}

/** Whether this process has a capability of that number; null where /proc does not tell. */
export function capability(system: System, number: number): boolean | null {
  const status = system.read("/proc/self/status").text ?? "";
  const effective = /^CapEff:\s+([0-9a-f]+)/m.exec(status)?.[1];
  return effective === undefined ? null : (BigInt(`0x${effective}`) >> BigInt(number) & 1n) === 1n;
}

function limit(text: string, name: string): Limit | null {
  const found = new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, "m").exec(text);
  if (found === null) return null;
  const value = (word: string) => word === "unlimited" ? null : Number(word);
  return { soft: value(found[1]!), hard: value(found[2]!) };
}

/** Of the group that is mounted here (a container's own), and of the one that this process is in. */
function cgroupPids(system: System): LimitFacts["cgroup_pids"] {
  const folders = groupsOf(system, "pids");
  for (const folder of folders) {
    const max = textOf(system, `${folder}/pids.max`);
    const current = numberOf(system, `${folder}/pids.current`);
    if (max === null && current === null) continue;
    if (max === "max" && folder !== folders.at(-1)) continue;
    return { max: max === null || max === "max" ? null : Number(max), current };
  }
  return null;
}

/** Folders of this process's control group, the innermost first, for a controller. */
export function groupsOf(system: System, controller: string): string[] {
  return groupFolders(system.read("/proc/self/cgroup").text ?? "", controller);
}
