/**
 * What was seen of NVIDIA's and not counted, in words. Apart from the finder so that its decisions
 * stay readable.
 *
 * @module
 */

import type { Note } from "./device.ts";
import type { NvidiaInformation } from "./nvidia_files.ts";
import { type PciFunction, pciId } from "./pci.ts";

export interface NvidiaSeen {
  /** GPUs in the PCI tree. */
  readonly cards: readonly PciFunction[];
  /** GPUs that the driver lists. */
  readonly listed: readonly NvidiaInformation[];
  /** Every /dev/nvidiaN with what asking for it gave. */
  readonly outcomes: ReadonlyMap<number, string>;
  readonly usable: readonly number[];
  readonly stale: readonly number[];
  readonly blocker: string | null;
  readonly driver_up: boolean;
  readonly uvm_missing: boolean;
  readonly wsl: boolean;
  readonly nodes_elsewhere: boolean;
}

export function nvidiaNotes(seen: NvidiaSeen): Note[] {
  const { cards, listed, outcomes, usable } = seen;
  const notes: Note[] = [];
  const add = (code: string, text: string) => notes.push({ code, text });
  const excluded = listed.filter((gpu) => gpu.excluded);
  const refused = [...outcomes].filter(([, outcome]) => outcome !== "ok");

  if (seen.wsl && outcomes.size === 0) {
    add(
      "wsl2",
      "This is WSL2: GPUs are reached through /dev/dxg, and no file says how many there are. " +
        "None is counted; give --num-gpus.",
    );
  }
  if (seen.blocker !== null) {
    add(
      "nvidia-control-refused",
      `${seen.blocker}, without which CUDA cannot start: no NVIDIA GPU is counted.`,
    );
  }
  if (refused.length > 0) {
    add(
      "nvidia-refused",
      `${nodes(refused.map(([minor]) => minor))} cannot be opened (${
        refused[0]![1]
      }): not counted.`,
    );
  }
  if (excluded.length > 0) {
    add(
      "nvidia-excluded",
      `The driver excludes ${excluded.map((gpu) => gpu.pci).join(", ")}: not counted.`,
    );
  }
  if (seen.stale.length > 0) {
    add(
      "nvidia-stale",
      `${nodes(seen.stale)} stands for no GPU that the driver or PCI knows: not counted.`,
    );
  }
  const missing = listed.length - excluded.length - outcomes.size;
  if (missing > 0) add("nvidia-nodes-missing", missingText(seen, missing));
  if (cards.length > 0 && !seen.driver_up && outcomes.size === 0) {
    add(
      "nvidia-driver-missing",
      `${cards.length} NVIDIA GPU${cards.length === 1 ? "" : "s"} seen on PCI (${
        [...new Set(cards.map(pciId))].join(", ")
      }), but neither the NVIDIA driver nor its device nodes are here: not counted.`,
    );
  }
  if (seen.driver_up && listed.length === 0 && outcomes.size === 0 && cards.length > 0) {
    add(
      "nvidia-nodes-missing",
      "The NVIDIA driver is loaded, but no /dev/nvidiaN is here: this container was given no GPU.",
    );
  }
  if (seen.nodes_elsewhere && usable.length === 0) {
    add(
      "nvidia-driver-root",
      "NVIDIA device nodes are under /run/nvidia/driver/dev, not under /dev: the driver runs in a " +
        "container of its own. Run beam where they are injected.",
    );
  }
  if (seen.uvm_missing) {
    add(
      "nvidia-uvm-missing",
      "/dev/nvidia-uvm is missing; CUDA needs it. Load it with: nvidia-modprobe -u -c 0",
    );
  }
  return notes;
}

function missingText(seen: NvidiaSeen, missing: number): string {
  const { listed, outcomes } = seen;
  const have = outcomes.size === 0
    ? "no /dev/nvidiaN is here"
    : `only ${nodes([...outcomes.keys()])} ${outcomes.size === 1 ? "is" : "are"} here`;
  return `The NVIDIA driver lists ${listed.length} GPU${listed.length === 1 ? "" : "s"}, but ` +
    `${have}: ${missing} not counted. A container must be given them; on a host, nvidia-smi makes ` +
    "the nodes.";
}

function nodes(minors: readonly number[]): string {
  return minors.map((minor) => `/dev/nvidia${minor}`).join(", ");
}
