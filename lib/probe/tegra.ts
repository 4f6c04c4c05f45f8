/**
 * NVIDIA Jetson: one GPU inside the chip. Its `/dev/nvidiaN` nodes count nothing: on Orin
 * `nvidia0` is the display driver's, on Thor one GPU has two.
 *
 * @module
 */

import { nvidiaAcceleratorType } from "./accelerator_type.ts";
import type { Finding } from "./device.ts";
import { exists, type Host, textOf } from "./host.ts";
import { memoryTotal } from "./meminfo.ts";
import { nvidiaInformation } from "./nvidia_files.ts";

/** Nodes without which no compute starts, by generation; the first that is there is tried. */
const COMPUTE_NODES = ["/dev/nvhost-ctrl-gpu", "/dev/nvhost-gpu", "/dev/nvidia0"] as const;

/** NVIDIA's own test. A DGX Spark has soc0 too, with another family. */
export function isTegra(host: Host): boolean {
  return exists(host, "/etc/nv_tegra_release") ||
    (textOf(host, "/sys/devices/soc0/family")?.toLowerCase().startsWith("tegra") ?? false);
}

export function findTegra(host: Host): Finding {
  const gpus = host.list("/dev/nvgpu").filter((name) => name.startsWith("igpu"));
  const ready = gpus.filter((name) => exists(host, `/dev/nvgpu/${name}/ctrl`));
  if (gpus.length > 0 && ready.length === 0) {
    return none(
      "tegra-gpu-failed",
      "This is a Jetson whose GPU did not start (/dev/nvgpu holds no ctrl node): not counted.",
    );
  }
  const nodes = ready.length > 0
    ? ready.map((name) => `/dev/nvgpu/${name}/ctrl`)
    : COMPUTE_NODES.filter((path) => exists(host, path)).slice(0, 1);
  const outcomes = nodes.map((path) => host.access(path));
  const open = outcomes.filter((outcome) => outcome === "ok").length;
  if (open === 0) {
    const refused = outcomes[0];
    return none(
      "tegra-no-access",
      refused === undefined
        ? "This is a Jetson, but none of its GPU's device nodes is here: not counted."
        : `This is a Jetson, but ${nodes[0]} cannot be opened (${refused}): not counted.`,
    );
  }
  const model = nvidiaInformation(host).find((gpu) => gpu.model !== null)?.model ?? null;
  const device = {
    name: model ?? "NVIDIA Tegra (integrated)",
    accelerator_type: model === null ? null : nvidiaAcceleratorType(model),
    uuid: null,
    pci: null,
    memory_bytes: memoryTotal(host),
    integrated: true,
    aside: null,
  };
  return {
    devices: Array.from({ length: open }, () => ({ ...device })),
    notes: [{
      code: "tegra",
      text: "This is a Jetson: its integrated GPU is counted by the chip, not by /dev/nvidiaN.",
    }],
  };
}

function none(code: string, text: string): Finding {
  return { devices: [], notes: [{ code, text }] };
}
