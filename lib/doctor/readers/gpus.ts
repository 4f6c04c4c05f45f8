/** GPUs as the probe counts them, against the driver's files, its libraries, its command, and who holds memory. */
import { amdReadings } from "../../node/amd_readings.ts";
import { parseSmi, type SmiGpu } from "../../node/nvidia_smi.ts";
import { type Gpu, type GpuProbe, probe } from "../../probe/gpus.ts";
import { scanPci, VENDORS } from "../../probe/pci.ts";
import type { GpuFacts, GpuProcessFacts, GpuTool } from "../facts.ts";
import { deadline, inTime } from "../in_time.ts";
import { gpuFaults } from "./gpu_faults.ts";
import type { System } from "../system.ts";
import type { ReadProcesses } from "./processes.ts";

/** Folders that hold the driver's own libraries, on hosts and where container runtimes put them. */
const LIBRARY_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/usr/lib/x86_64-linux-gnu/nvidia/current",
  "/usr/lib/aarch64-linux-gnu/nvidia/current",
  "/usr/local/nvidia/lib64",
  "/usr/local/nvidia/lib",
  "/usr/lib/wsl/lib",
  "/run/opengl-driver/lib",
];

/** NVSwitches are bridges of another kind to PCI. */
const BRIDGE = 0x0680;
const LIBRARY = /^(libcuda|libnvidia-ml)\.so\.(\d+\.\d+(?:\.\d+)?)$/;
const GPU_QUERY =
  "--query-gpu=uuid,pci.bus_id,name,utilization.gpu,memory.total,memory.used,temperature.gpu,power.draw";
const APP_QUERY = "--query-compute-apps=gpu_uuid,pid,used_memory";
const FORMAT = "--format=csv,noheader,nounits";

/** A command that takes longer than this, in milliseconds, hangs with its driver. */
const TOOL_MS = 6000;

export interface GpuReaderOptions {
  env: Record<string, string>;
  /** `--num-gpus` of the node. */
  given: number | null;
  processes: Pick<ReadProcesses, "processes" | "commandOf" | "isOurs">;
  signal: AbortSignal;
  /** How long the vendor's command may take, in milliseconds. */
  tool_ms?: number;
}

/** Never rejects: a vendor's command that hangs or fails is itself a fact. */
export async function readGpus(system: System, options: GpuReaderOptions): Promise<GpuFacts> {
  const { env, given } = options;
  const found = probed(system, env, given);
  const functions = scanPci(system);
  const pci = functions.filter(({ kind }) => kind === 0x0300 || kind === 0x0302);
  const asked = await askNvidia(system, options);
  return {
    vendor: found.vendor,
    devices: found.gpus.map((gpu) => ({
      index: gpu.index,
      id: gpu.id,
      name: gpu.name,
      uuid: gpu.uuid,
      memory: gpu.memory_bytes ?? smiOf(gpu, asked.gpus)?.memory_total ?? null,
      memory_used: smiOf(gpu, asked.gpus)?.memory_used ?? null,
      integrated: gpu.integrated,
    })),
    driver_version: found.driver_version,
    masked_by: found.masked_by,
    notes: [...found.notes],
    nodes: nodes(system),
    on_pci: {
      nvidia: pci.filter(({ vendor }) => vendor === VENDORS.nvidia).length,
      amd: pci.filter(({ vendor }) => vendor === VENDORS.amd).length,
    },
    nvswitches:
      functions.filter(({ vendor, kind }) => vendor === VENDORS.nvidia && kind === BRIDGE).length,
    fabric_manager: fabricManager(options),
    faults: gpuFaults(system.kernelLog() ?? ""),
    libraries: libraries(system, env),
    tool: asked.tool,
    processes: holders(system, found, asked.gpus, options),
  };
}

/** A count that the mask does not bear is told by `beam up`; the files are looked at without it. */
function probed(system: System, env: Record<string, string>, given: number | null): GpuProbe {
  try {
    return probe({ host: system, env, override: given });
  } catch {
    return probe({ host: system, env: { ...env, BEAM_NUM_GPUS: "" } });
  }
}

function nodes(system: System): string[] {
  const nvidia = system.list("/dev").filter((name) => /^nvidia\d+$/.test(name));
  const amd = system.list("/dev/dri").filter((name) => /^renderD\d+$/.test(name));
  return [...nvidia.map((name) => `/dev/${name}`), ...amd.map((name) => `/dev/dri/${name}`)].sort();
}

function libraries(system: System, env: Record<string, string>): GpuFacts["libraries"] {
  const folders = new Set([
    ...(env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean),
    ...LIBRARY_FOLDERS,
  ]);
  const seen = new Set<string>();
  const found: GpuFacts["libraries"] = [];
  for (const folder of folders) {
    for (const file of system.list(folder)) {
      const [, name, version] = LIBRARY.exec(file) ?? [];
      // Many folders are links to others.
      if (name === undefined || seen.has(file)) continue;
      seen.add(file);
      found.push({ name, version: version!, path: `${folder}/${file}` });
    }
  }
  return found;
}

/** It runs as root: where process 1 is hidden, it would be too. */
function fabricManager({ processes }: GpuReaderOptions): boolean | null {
  if (processes.processes.some(({ kind }) => kind === "fabric-manager")) return true;
  return processes.commandOf(1) === null ? null : false;
}

interface Asked {
  tool: GpuTool | null;
  gpus: SmiGpu[];
}

async function askNvidia(system: System, options: GpuReaderOptions): Promise<Asked> {
  const { env } = options;
  const command = system.find("nvidia-smi", env.PATH);
  if (command === null) return { tool: null, gpus: [] };
  using until = deadline(options.tool_ms ?? TOOL_MS, options.signal);
  const ask = async (query: string) => {
    const running = system.run([command, query, FORMAT], env, until.signal);
    const { code, stdout, stderr } = await inTime(running, until.signal);
    // It says what is wrong on either stream, depending on its version.
    if (code !== 0) throw new Error(`${stdout}\n${stderr}`.trim() || `it ended with code ${code}`);
    return stdout;
  };
  try {
    const [gpus, apps] = await Promise.all([ask(GPU_QUERY), ask(APP_QUERY).catch(() => "")]);
    const read = parseSmi(gpus, apps);
    return { tool: { name: "nvidia-smi", count: read.length, error: null }, gpus: read };
  } catch (error) {
    const words = oneLine((error as Error).message);
    return { tool: { name: "nvidia-smi", count: null, error: words }, gpus: [] };
  }
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ").slice(0, 300);
}

function smiOf(gpu: Gpu, read: readonly SmiGpu[]): SmiGpu | undefined {
  return read.find(({ uuid, pci }) => uuid === gpu.uuid || pci !== undefined && pci === gpu.pci);
}

function holders(
  system: System,
  { vendor, gpus }: GpuProbe,
  read: readonly SmiGpu[],
  { processes: { commandOf, isOurs } }: GpuReaderOptions,
): GpuProcessFacts[] {
  const of = (pid: number, gpu: number | null, memory: number | undefined): GpuProcessFacts => ({
    pid,
    gpu,
    memory: memory ?? null,
    command: commandOf(pid),
    ours: isOurs(pid),
  });
  if (vendor === "amd") {
    return amdReadings(system, gpus).flatMap(({ index, processes = [] }) =>
      processes.map(({ pid, memory_used }) => of(pid, index, memory_used))
    );
  }
  return read.flatMap((one) => {
    const index = gpus.find((gpu) => smiOf(gpu, [one]) !== undefined)?.index ?? null;
    // GPUs that a mask hides from this node are nobody's concern here.
    if (index === null && gpus.length > 0) return [];
    return one.processes.map(({ pid, memory_used }) => of(pid, index, memory_used));
  });
}
