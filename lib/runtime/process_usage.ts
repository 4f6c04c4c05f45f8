/** What this process itself has used, for its own metrics. */

/** Of /proc/self/stat, a second. */
const TICKS = 100;

/** See {@link processUsage}. */
export interface ProcessUsage {
  /** Of both kinds, since it began. */
  cpu_seconds: number;
  /** Resident, in bytes. */
  memory: number;
  open_files: number;
}

/** CPU time, resident memory and open files of this process; zeros where there is no /proc. */
export function processUsage(): ProcessUsage {
  return {
    cpu_seconds: cpuSeconds(),
    memory: Deno.memoryUsage().rss,
    open_files: openFiles(),
  };
}

function cpuSeconds(): number {
  try {
    const text = Deno.readTextFileSync("/proc/self/stat");
    // After the name, which may hold blanks: user and system time are the 12th and 13th.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}

function openFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}
