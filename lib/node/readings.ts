/** What this node's machine is busy with, read when the head asks. */
import type { GpuReading, NodeReadings } from "../cluster/readings.ts";
import type { Gpu } from "../probe/gpus.ts";
import { type Host, systemHost } from "../probe/host.ts";
import { sameAddress } from "../probe/pci.ts";
import { processUsage } from "../runtime/process_usage.ts";
import type { Link, Received } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import { amdReadings } from "./amd_readings.ts";
import { MachineFiles, type MachineFilesOptions } from "./machine_readings.ts";
import type { Machine } from "./node_spec.ts";
import { NvidiaSmi, type SmiGpu } from "./nvidia_smi.ts";

/** How long an answer waits for the vendor's command, in milliseconds; then it has what was said last. */
const PATIENCE = 2500;

/** What {@link Readings} is made from. */
export interface ReadingsOptions {
  machine: Machine;
  /** The runtime directory. */
  folder: string;
  /** Instead of the real machine, in tests. */
  host?: Host;
  smi?: Smi;
  files?: Partial<MachineFilesOptions>;
}

type Smi = Pick<NvidiaSmi, "read" | "pids" | "close">;

/** See the top of this file. */
export class Readings {
  readonly #host: Host;
  readonly #files: MachineFiles;
  readonly #smi: Smi;

  constructor(readonly options: ReadingsOptions) {
    const { machine: { facts }, folder, host = systemHost(), smi = new NvidiaSmi() } = options;
    const { cpus, memory_bytes } = facts;
    this.#host = host;
    this.#smi = smi;
    this.#files = new MachineFiles({ host, cpus, memory_bytes, folder, ...options.files });
    this.#files.read(); // the next one says how busy the CPUs were since now
  }

  /** Processes of its own that run now. */
  get pids(): number[] {
    return this.#smi.pids;
  }

  /** Ends them. */
  close(): void {
    this.#smi.close();
  }

  /** Reads everything. Never rejects. */
  async read(): Promise<NodeReadings> {
    const gpus = await this.#gpus();
    return { at: Date.now(), ...this.#files.read(), daemon: processUsage(), gpus };
  }

  /** Answers `node.readings`. Never rejects. */
  async answer(received: Received, link: Link): Promise<void> {
    const begun = performance.now();
    const readings = await this.read();
    const took_ms = performance.now() - begun;
    const fields = { ...readings, took_ms } as unknown as Reply<"node.readings">;
    link.reply(received, "node.readings", fields);
  }

  async #gpus(): Promise<GpuReading[]> {
    const { vendor, gpus } = this.options.machine.gpus;
    if (gpus.length === 0) return [];
    if (vendor === "amd") return amdReadings(this.#host, gpus);
    // A count given by hand, where files show none, says nothing of the vendor (WSL).
    if (vendor !== "tegra") return joined(gpus, await this.#smi.read(PATIENCE));
    return gpus.map(named);
  }
}

/** The command's words about the GPUs that this node counts, by what they have in common. */
function joined(gpus: readonly Gpu[], said: readonly SmiGpu[]): GpuReading[] {
  return gpus.map((gpu) => {
    const words = said.find((one) => one.uuid === gpu.uuid) ??
      said.find(({ pci }) => pci !== undefined && gpu.pci !== null && sameAddress(pci, gpu.pci)) ??
      // A mask may name what the files did not show.
      said.find((one) => one.uuid === gpu.id) ??
      // Where files show no card, its number is all there is: both count by PCI address.
      (gpu.uuid === null && gpu.pci === null && /^\d+$/.test(gpu.id)
        ? said[Number(gpu.id)]
        : undefined);
    if (words === undefined) return named(gpu);
    const { pci: _, ...reading } = words;
    return { index: gpu.index, ...reading };
  });
}

function named(gpu: Gpu): GpuReading {
  return {
    index: gpu.index,
    name: gpu.name,
    ...(gpu.uuid !== null && { uuid: gpu.uuid }),
    ...(gpu.memory_bytes !== null && gpu.integrated === false &&
      { memory_total: gpu.memory_bytes }),
  };
}
