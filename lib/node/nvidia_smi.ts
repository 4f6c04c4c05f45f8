/**
 * What `nvidia-smi` says of NVIDIA's GPUs. It is asked only while somebody looks, in the background: it
 * may take seconds, hang with a sick driver, or not be there, and none of that may hold the daemon up.
 */
import type { GpuProcess } from "../cluster/readings.ts";
import { normalAddress } from "../probe/pci.ts";
import { within } from "../runtime/within.ts";

/** How long one run may take before it is ended, in milliseconds. */
const TIMEOUT = 5000;
/** What it said is good for so long, in milliseconds. */
const FRESH = 4000;
/** Where it is not there, it is looked for again after this time, in milliseconds. */
const ABSENT = 300_000;
const MIB = 2 ** 20;

/** One GPU, by what it can be told from the others. */
export interface SmiGpu {
  uuid: string;
  /** As the kernel writes it; undefined where it is none. */
  pci?: string;
  name: string;
  busy_percent?: number;
  memory_total?: number;
  memory_used?: number;
  temperature_c?: number;
  power_w?: number;
  processes: GpuProcess[];
}

const GPU_QUERY =
  "uuid,pci.bus_id,name,utilization.gpu,memory.total,memory.used,temperature.gpu,power.draw";
const APP_QUERY = "gpu_uuid,pid,used_memory";

/** What {@link NvidiaSmi} may be told. */
export interface NvidiaSmiOptions {
  command?: string;
  env?: Record<string, string>;
  timeout?: number;
  now?: () => number;
}

/** See the top of this file. */
export class NvidiaSmi {
  #last: { gpus: SmiGpu[]; at: number } | undefined;
  #running: Promise<void> | undefined;
  #absentUntil = -Infinity;
  #children = new Set<Deno.ChildProcess>();
  /** Why the last run gave nothing, in words. */
  fault: string | undefined;

  constructor(readonly options: NvidiaSmiOptions = {}) {}

  /** Pids of the runs that are under way: whoever reaps orphans leaves them alone. */
  get pids(): number[] {
    return [...this.#children].map(({ pid }) => pid);
  }

  /** Ends what runs. */
  close(): void {
    for (const child of this.#children) end(child);
  }

  /**
   * The GPUs, no older than a few seconds where it answers within `patience` milliseconds, else as it
   * said last. Never rejects.
   */
  async read(patience: number): Promise<readonly SmiGpu[]> {
    const now = this.options.now ?? (() => performance.now());
    if (now() < this.#absentUntil) return [];
    if (!this.#last || now() - this.#last.at >= FRESH) {
      this.#running ??= this.#run(now).finally(() => this.#running = undefined);
      await within(this.#running, patience);
    }
    return this.#last?.gpus ?? [];
  }

  async #run(now: () => number): Promise<void> {
    try {
      const [gpus, apps] = await Promise.allSettled([
        this.#ask(`--query-gpu=${GPU_QUERY}`),
        this.#ask(`--query-compute-apps=${APP_QUERY}`),
      ]);
      if (gpus.status === "rejected") throw gpus.reason;
      // Some drivers refuse the second.
      const users = apps.status === "fulfilled" ? apps.value : "";
      this.#last = { gpus: parseSmi(gpus.value, users), at: now() };
      this.fault = undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) this.#absentUntil = now() + ABSENT;
      this.fault = (error as Error).message;
      this.#last = undefined;
    }
  }

  /** @throws where it is not there, ends badly, or takes too long */
  async #ask(query: string): Promise<string> {
    const { command = "nvidia-smi", env, timeout = TIMEOUT } = this.options;
    const child = new Deno.Command(command, {
      args: [query, "--format=csv,noheader,nounits"],
      ...(env && { env, clearEnv: true }),
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#children.add(child);
    let late = false;
    // One that the kernel holds does not even die of this. No other is begun while it is there.
    const timer = setTimeout(() => {
      late = true;
      this.#last = undefined;
      end(child);
    }, timeout);
    try {
      const { success, code, stdout } = await child.output();
      if (late) throw new Error(`${command} did not answer within ${timeout / 1000} s`);
      if (!success) throw new Error(`${command} ended with code ${code}`);
      return new TextDecoder().decode(stdout);
    } finally {
      clearTimeout(timer);
      this.#children.delete(child);
    }
  }
}

/** Reads both tables. What it has no number for (`[N/A]`) is left out. */
export function parseSmi(gpus: string, apps: string): SmiGpu[] {
  const found = rows(gpus, 8).map(([uuid, bus, name, busy, total, used, heat, power]): SmiGpu => {
    const pci = normalAddress(bus!);
    const gpu: SmiGpu = { uuid: uuid!, name: name!, processes: [] };
    if (pci !== null) gpu.pci = pci;
    const put = (
      field: "busy_percent" | "memory_total" | "memory_used" | "temperature_c" | "power_w",
      text: string | undefined,
      unit = 1,
    ) => {
      const value = numberIn(text);
      if (value !== undefined) gpu[field] = value * unit;
    };
    put("busy_percent", busy);
    put("memory_total", total, MIB);
    put("memory_used", used, MIB);
    put("temperature_c", heat);
    put("power_w", power);
    return gpu;
  });
  for (const [uuid, pid, used] of rows(apps, 3)) {
    const number = numberIn(pid);
    if (number === undefined) continue;
    const process: GpuProcess = { pid: number };
    const memory = numberIn(used);
    if (memory !== undefined) process.memory_used = memory * MIB;
    found.find((gpu) => gpu.uuid === uuid)?.processes.push(process);
  }
  return found;
}

function rows(text: string, columns: number): string[][] {
  return text.split("\n").map((line) => line.split(",").map((cell) => cell.trim()))
    .filter((cells) => cells.length === columns);
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch { /* it has ended */ }
}
