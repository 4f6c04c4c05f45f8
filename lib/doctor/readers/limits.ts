/** Limits of the process that starts workers: they inherit them. */
import { numberOf, textOf } from "../../probe/host.ts";
import type { Limit, LimitFacts } from "../facts.ts";
import type { System } from "../system.ts";

const CAP_IPC_LOCK = 14;
const CGROUP = "/sys/fs/cgroup";

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
  for (const folder of groupFolders(system, "pids")) {
    const max = textOf(system, `${folder}/pids.max`);
    const current = numberOf(system, `${folder}/pids.current`);
    if (max === null && current === null) continue;
    if (max === "max" && folder !== groupFolders(system, "pids").at(-1)) continue;
    return { max: max === null || max === "max" ? null : Number(max), current };
  }
  return null;
}

/** Folders of this process's control group, the innermost first, for the controller `controller`. */
export function groupFolders(system: System, controller: string): string[] {
  const lines = (system.read("/proc/self/cgroup").text ?? "").trim().split("\n");
  const v1 = lines.find((line) => line.split(":")[1]?.split(",").includes(controller));
  const v2 = lines.find((line) => line.startsWith("0::"));
  const path = (v1 ?? v2 ?? "").split(":").slice(2).join(":");
  const base = v1 === undefined ? CGROUP : `${CGROUP}/${controller}`;
  const folders: string[] = [];
  // A group's limits hold for those inside it; in a container the path may lead outside of what is mounted.
  for (let at = path.replace(/\/+$/, ""); at !== "" && !at.includes("/..");) {
    folders.push(base + at);
    at = at.slice(0, at.lastIndexOf("/"));
  }
  return [...folders, base];
}
