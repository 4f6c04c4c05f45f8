/** What the kernel says about the end of a process: out-of-memory kills and faults of GPUs. */
import { type ReadText, readText } from "../runtime/read_text.ts";
import { isDeviceFault } from "./gpu_faults.ts";

/**
 * How many processes the kernel has killed for lack of memory in this process's control group, over
 * its whole life; undefined where it does not say.
 */
export function oomKills(read: ReadText = readText): number | undefined {
  for (const file of groupFiles(read("/proc/self/cgroup") ?? "")) {
    const count = read(file)?.match(/^oom_kill (\d+)$/m)?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

/** Where the counter may be: version 2, then version 1; inside a container the path is cut off. */
function groupFiles(groups: string): string[] {
  const files: string[] = [];
  for (const line of groups.split("\n")) {
    const [, kinds, path] = line.match(/^\d+:([^:]*):(.*)$/) ?? [];
    if (path === undefined) continue;
    const at = path === "/" ? "" : path;
    if (kinds === "") {
      files.push(`/sys/fs/cgroup${at}/memory.events`, "/sys/fs/cgroup/memory.events");
    } else if (kinds!.split(",").includes("memory")) {
      files.push(`/sys/fs/cgroup/memory${at}/memory.oom_control`);
      files.push("/sys/fs/cgroup/memory/memory.oom_control");
    }
  }
  return files;
}

/**
 * How far the log's clock may stand from the one it is compared with, in seconds. A line that names a
 * process of before, with the same pid, would have to be as new as this to be taken for a worker's.
 */
const CLOCK_SLACK = 10;

/**
 * Lines of the kernel's log about this process, told since `since` (seconds, see
 * `KernelLog.uptime`).
 * @param faults_since for one that has GPUs: from then on faults of a device count too
 */
export function kernelLinesAbout(
  log: string,
  pid: number,
  since: number,
  faults_since = Infinity,
): string[] {
  const faults = faults_since !== Infinity;
  // Nearly always, and callers are waiting.
  if (!log.includes(String(pid)) && !(faults && /Xid|amdgpu/.test(log))) return [];
  const about = new RegExp(
    `(?:Killed process |pid[=:' ]+|\\bpid \\s*|[\\w.-]+\\[)${pid}\\b`,
  );
  const told: string[] = [];
  for (const line of log.split("\n")) {
    const [, at, text] = line.match(/^(?:<\d+>)?\[\s*(\d+\.\d+)\]\s*(.*)$/) ?? [];
    if (text === undefined || Number(at) < since - CLOCK_SLACK) continue;
    if (!/oom|out of memory|Killed process|Xid|amdgpu|kfd|segfault|trap /i.test(text)) continue;
    if (about.test(text) || (Number(at) >= faults_since && isDeviceFault(text))) told.push(text);
  }
  return told.slice(-5);
}

/** True where one of these lines is about lack of memory. */
export function saysOutOfMemory(lines: readonly string[]): boolean {
  return lines.some((line) => /oom|out of memory|Killed process/i.test(line));
}
