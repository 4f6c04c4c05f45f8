/** What the kernel's files say of AMD's GPUs: use, memory, heat, power, and who has memory on them. */
import type { GpuProcess, GpuReading } from "../cluster/readings.ts";
import type { Gpu } from "../probe/gpus.ts";
import { type Host, numberOf } from "../probe/host.ts";
import { cardAddress, kfdNodes } from "../probe/kfd.ts";

const PROCESSES = "/sys/class/kfd/kfd/proc";
const NODES = "/sys/class/kfd/kfd/topology/nodes";

/** Reads all of them. Several partitions of one card show the card's use, heat and power each. */
export function amdReadings(host: Host, gpus: readonly Gpu[]): GpuReading[] {
  const cards = gpus.map((gpu) => gpu.pci);
  const ids = kfdIds(host);
  return gpus.map((gpu) => {
    const reading: GpuReading = { index: gpu.index, name: gpu.name };
    if (gpu.uuid !== null) reading.uuid = gpu.uuid;
    if (gpu.pci === null) return reading;
    const at = `/sys/bus/pci/devices/${gpu.pci}`;
    const busy = numberOf(host, `${at}/gpu_busy_percent`);
    if (busy !== null) reading.busy_percent = busy;
    const whole = cards.filter((card) => card === gpu.pci).length === 1;
    if (whole) Object.assign(reading, memoryOf(host, at, gpu));
    Object.assign(reading, sensorsOf(host, at));
    const id = ids.get(gpu.pci);
    if (whole && id !== undefined) reading.processes = processesOn(host, id);
    return reading;
  });
}

/** An integrated GPU borrows of the machine's memory (GTT) beside what is its own. */
function memoryOf(
  host: Host,
  at: string,
  gpu: Gpu,
): Pick<GpuReading, "memory_total" | "memory_used"> {
  const total = gpu.memory_bytes ?? numberOf(host, `${at}/mem_info_vram_total`);
  const own = numberOf(host, `${at}/mem_info_vram_used`);
  if (total === null || own === null) return {};
  const borrowed = gpu.integrated ? numberOf(host, `${at}/mem_info_gtt_used`) ?? 0 : 0;
  return { memory_total: total, memory_used: Math.min(total, own + borrowed) };
}

/** Thousandths of a degree, and millionths of a watt. */
function sensorsOf(host: Host, at: string): Pick<GpuReading, "temperature_c" | "power_w"> {
  const found: Pick<GpuReading, "temperature_c" | "power_w"> = {};
  for (const name of host.list(`${at}/hwmon`)) {
    const sensor = `${at}/hwmon/${name}`;
    const heat = numberOf(host, `${sensor}/temp1_input`) ?? numberOf(host, `${sensor}/temp2_input`);
    if (heat !== null) found.temperature_c = heat / 1000;
    const power = numberOf(host, `${sensor}/power1_average`) ??
      numberOf(host, `${sensor}/power1_input`);
    if (power !== null) found.power_w = power / 1e6;
  }
  return found;
}

/** KFD's own ids of the cards, by PCI address. */
function kfdIds(host: Host): Map<string, number> {
  const ids = new Map<string, number>();
  for (const node of kfdNodes(host)) {
    const card = cardAddress(node);
    const id = numberOf(host, `${NODES}/${node.number}/gpu_id`);
    if (card !== null && id !== null && id > 0) ids.set(card, id);
  }
  return ids;
}

function processesOn(host: Host, id: number): GpuProcess[] {
  const found: GpuProcess[] = [];
  for (const pid of host.list(PROCESSES).filter((name) => /^\d+$/.test(name))) {
    const used = numberOf(host, `${PROCESSES}/${pid}/vram_${id}`);
    if (used !== null && used > 0) found.push({ pid: Number(pid), memory_used: used });
  }
  return found.sort((a, b) => a.pid - b.pid);
}
