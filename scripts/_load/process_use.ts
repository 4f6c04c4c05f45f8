/** What a process uses, as /proc shows it. */

/** Ticks per second of the times in /proc/<pid>/stat: 100 on every Linux that Deno runs on. */
const TICKS = 100;

/** See the top of this file. */
export interface ProcessUse {
  /** User and system time so far, in seconds. */
  cpu: number;
  /** Resident memory, in bytes. */
  rss: number;
  /** Of it what is shared with nobody. */
  own: number;
  /** Proportional share, in bytes; slow to read. */
  pss: number;
  /** Open files. */
  files: number;
}

/** What the process uses now. @throws where there is no such process */
export function processUse(pid: number): ProcessUse {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kib = (text: string, name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
  return {
    cpu: cpuTime(pid),
    rss: kib(status, "VmRSS"),
    own: kib(status, "RssAnon"),
    pss: kib(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`), "Pss"),
    files: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
  };
}

/** User and system time of all its threads so far, in seconds. */
export function cpuTime(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** `12.3 MiB`. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
