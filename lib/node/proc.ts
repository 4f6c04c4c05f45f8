/** What /proc says of processes. Everything is undefined or empty where there is no /proc. */

/** Fields of /proc/<pid>/stat. */
export interface ProcStat {
  pid: number;
  /** One letter: R, S, D, Z, … */
  state: string;
  ppid: number;
  flags: number;
  /** Clock ticks after boot; with the pid it names a process for good. */
  start_ticks: number;
}

/** The kernel sets it as a process begins to end, before it closes what the process held open. */
const PF_EXITING = 0x4;

/** Reads the text of /proc/<pid>/stat. The name in it may hold blanks and parentheses. */
export function parseStat(text: string): ProcStat | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const pid = Number(text.slice(0, open));
  const fields = text.slice(close + 2).split(" ");
  const [state, ppid] = fields;
  if (open < 1 || close < open || !Number.isInteger(pid) || !state || fields.length < 20) {
    return undefined;
  }
  return {
    pid,
    state,
    ppid: Number(ppid),
    flags: Number(fields[6]),
    start_ticks: Number(fields[19]),
  };
}

/** What runs under this pid, or undefined. */
export function statOf(pid: number): ProcStat | undefined {
  try {
    return parseStat(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return undefined;
  }
}

/** Its command line, words parted by blanks; empty where it is gone. */
export function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** True for what takes away the named shared memory of Python programs, once these have ended. */
export function isTracker(pid: number): boolean {
  return commandOf(pid).includes("multiprocessing.resource_tracker");
}

/** True where the process is gone or on its way out; undefined where that cannot be told. */
export function isEnding(pid: number): boolean | undefined {
  const stat = statOf(pid);
  if (stat === undefined) return Deno.build.os === "linux" ? true : undefined;
  if (stat.state === "Z" || stat.state === "X") return true;
  return stat.flags === 0 ? undefined : (stat.flags & PF_EXITING) !== 0;
}

/** `pid` and its ancestors, nearest first. */
export function* ancestry(pid: number, stat = statOf): Generator<number, void, void> {
  let at = pid;
  for (let depth = 0; depth < 256 && at > 1; depth++) {
    yield at;
    const parent = stat(at)?.ppid;
    if (parent === undefined || parent === at) return;
    at = parent;
  }
}

/** Children of this process, adopted ones included. */
export function childrenOf(pid: number): number[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/task`)].flatMap((task) => {
      const text = Deno.readTextFileSync(`/proc/${pid}/task/${task.name}/children`);
      return text.split(" ").filter(Boolean).map(Number);
    });
  } catch {
    return childrenByScan(pid);
  }
}

/** The kernel may be built without `children` files. */
function childrenByScan(parent: number): number[] {
  const found: number[] = [];
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const stat = statOf(Number(name));
      if (stat?.ppid === parent) found.push(stat.pid);
    }
  } catch { /* no /proc */ }
  return found;
}
