/** What a node's machine is busy with at one moment, as the node reads it from files and the vendor's command. */

/** One GPU. What its driver does not tell is left out. */
export interface GpuReading {
  /** As the cluster counts the node's GPUs, 0 up. */
  index: number;
  name: string;
  uuid?: string;
  /** 0 to 100. */
  busy_percent?: number;
  /** Bytes; left out where the GPU shares the machine's memory. */
  memory_total?: number;
  memory_used?: number;
  temperature_c?: number;
  power_w?: number;
  /** Who has memory on it, as far as this user may know. */
  processes?: GpuProcess[];
}

/** A process that uses a GPU. */
export interface GpuProcess {
  pid: number;
  /** Bytes. */
  memory_used?: number;
}

/** The machine of a node. Sizes in bytes; what could not be read is left out. */
export interface NodeReadings {
  /** When, in milliseconds since the epoch, by the node's clock. */
  at: number;
  /** CPUs of the machine or container. */
  cpu_count: number;
  /** How many of them were busy on average since the reading before. */
  cpu_busy?: number;
  /** Processes that run or want to, averaged over a minute. */
  load1?: number;
  memory_total: number;
  memory_used: number;
  /** `/dev/shm`. */
  shm_total?: number;
  shm_used?: number;
  /** The file system of the runtime directory. */
  disk_total?: number;
  disk_used?: number;
  /** The node's daemon itself. */
  daemon?: ProcessReading;
  gpus: GpuReading[];
}

/** What one process has used. */
export interface ProcessReading {
  /** Of both kinds, since it began. */
  cpu_seconds: number;
  /** Resident, in bytes. */
  memory: number;
  open_files: number;
}
