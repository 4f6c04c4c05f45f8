/** What files say of the machine: CPUs, memory, load, shared memory, disk. */
import { statfsSync } from "node:fs";
import type { NodeReadings } from "../cluster/readings.ts";
import { type Host, numberOf, textOf } from "../probe/host.ts";
import { availableBytes } from "../probe/machine.ts";

/** The part of the readings that is read here. */
export type MachineReading = Omit<NodeReadings, "at" | "gpus" | "daemon">;

/** A file system's size and what is taken of it, in bytes. */
export interface Space {
  total: number;
  used: number;
}

/** What {@link MachineFiles} is made from. */
export interface MachineFilesOptions {
  host: Host;
  /** CPUs and bytes of memory, as the probe counts them: fewer than the machine's in a container. */
  cpus: number;
  memory_bytes: number;
  /** The runtime directory. */
  folder: string;
  /** Milliseconds that only grow. */
  now?: () => number;
  space?: (path: string) => Space | undefined;
}

/** Seconds of CPU time that were used, at a moment. */
interface CpuTime {
  seconds: number;
  at: number;
}

const CGROUP = "/sys/fs/cgroup";
/** Of /proc/stat, a second; Linux shows every architecture of ours the same. */
const TICKS = 100;

/** See the top of this file. */
export class MachineFiles {
  #former: CpuTime | undefined;

  constructor(readonly options: MachineFilesOptions) {}

  read(): MachineReading {
    const { host, cpus, memory_bytes, folder, space = spaceOf } = this.options;
    const reading: MachineReading = {
      cpu_count: cpus,
      memory_total: memory_bytes,
      memory_used: Math.max(0, memory_bytes - availableBytes(host, memory_bytes)),
    };
    const busy = this.#busy();
    if (busy !== undefined) reading.cpu_busy = busy;
    const load = Number(textOf(host, "/proc/loadavg")?.split(" ")[0] ?? NaN);
    if (Number.isFinite(load)) reading.load1 = load;
    const shm = space("/dev/shm");
    if (shm) Object.assign(reading, { shm_total: shm.total, shm_used: shm.used });
    const disk = space(folder);
    if (disk) Object.assign(reading, { disk_total: disk.total, disk_used: disk.used });
    return reading;
  }

  /** CPUs that were busy since the last time; undefined the first time. */
  #busy(): number | undefined {
    const { host, cpus, now = () => performance.now() } = this.options;
    const seconds = cpuSeconds(host, cpus);
    if (seconds === undefined) return undefined;
    const former = this.#former;
    const time = this.#former = { seconds, at: now() };
    if (!former || time.at <= former.at) return undefined;
    const busy = (time.seconds - former.seconds) / ((time.at - former.at) / 1000);
    // Ticks are coarse: over a short time they may say a little more than there is.
    return Math.round(Math.min(cpus, Math.max(0, busy)) * 1000) / 1000;
  }
}

/** CPU time that was used: the container's own where it may use fewer CPUs than there are. */
function cpuSeconds(host: Host, cpus: number): number | undefined {
  const text = host.read("/proc/stat").text ?? "";
  const online = text.match(/^cpu\d+ /gm)?.length ?? 0;
  if (online > cpus) {
    const v1 = numberOf(host, `${CGROUP}/cpuacct/cpuacct.usage`) ??
      numberOf(host, `${CGROUP}/cpu/cpuacct.usage`);
    if (v1 !== null) return v1 / 1e9;
    const v2 = /^usage_usec (\d+)$/m.exec(host.read(`${CGROUP}/cpu.stat`).text ?? "");
    if (v2) return Number(v2[1]) / 1e6;
  }
  const line = /^cpu +(.*)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  const [user = 0, nice = 0, system = 0, , , irq = 0, soft = 0, steal = 0] = line.split(" ").map(
    Number,
  );
  return (user + nice + system + irq + soft + steal) / TICKS;
}

/** Of the file system at `path`; undefined where there is none. */
export function spaceOf(path: string): Space | undefined {
  try {
    const { bsize, blocks, bfree } = statfsSync(path);
    return { total: Number(bsize) * Number(blocks), used: Number(bsize) * Number(blocks - bfree) };
  } catch {
    return undefined;
  }
}
