/** Processes as /proc shows them. */

/** True where `pid` runs; one that has ended and was not waited for does not. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** Pids of all processes whose environment has the entry `NAME=value`; this process is not among them. */
export function marked(entry: string): number[] {
  const wanted = new TextEncoder().encode(`\0${entry}\0`);
  return allPids().filter((pid) => pid !== Deno.pid && isRunning(pid) && holds(pid, wanted));
}

/** Its command line, for messages. */
export function commandOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
  } catch {
    return "(gone)";
  }
}

/** Sends a signal; false where there is no such process. */
export function signal(pid: number, name: Deno.Signal): boolean {
  try {
    Deno.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** The letter of its state, such as `T` for one that was stopped; undefined where there is none. */
export function stateOf(pid: number): string | undefined {
  return statOf(pid)?.[0];
}

/** Its parent's pid; undefined where there is no such process. */
export function parentOf(pid: number): number | undefined {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** The processes that have `pid` as their parent. */
export function childrenOf(pid: number): number[] {
  return allPids().filter((one) => statOf(one)?.[1] === String(pid));
}

function allPids(): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter(Number.isInteger);
}

/** The fields of /proc/<pid>/stat behind the name: state, parent, … */
function statOf(pid: number): string[] | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function holds(pid: number, wanted: Uint8Array): boolean {
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(`/proc/${pid}/environ`);
  } catch {
    return false;
  }
  const text = "\0" + new TextDecoder("latin1").decode(bytes);
  return text.includes(new TextDecoder("latin1").decode(wanted));
}

/** What the kernel goes by when it gives a process the processor. */
export function scheduled(pid: number): { group: number; session: number; nice: number } {
  const fields = (statOf(pid) ?? []).map(Number); // state, parent, group, session, …, niceness the 17th
  return { group: fields[2]!, session: fields[3]!, nice: fields[16]! };
}
