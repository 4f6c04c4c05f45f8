/**
 * Whether an AMD GPU shares the machine's memory, and how much it can use. No single file says so:
 * an APU's KFD bank looks like a card's (it is the GTT on current kernels), firmware may carve out
 * anything from 512 MiB to 96 GiB for it, and the kernel's own flag is behind an ioctl.
 *
 * @module
 */

const GiB = 2 ** 30;

/** Targets that only exist inside a processor. */
const APU_TARGETS: ReadonlySet<string> = new Set([
  "gfx1036",
  "gfx1103",
  "gfx1150",
  "gfx1151",
  "gfx1152",
]);

export interface AmdMemory {
  readonly gfx: string | null;
  readonly bank_bytes: number;
  /** `mem_info_vram_total` and `mem_info_gtt_total` of DRM, null where unreadable. */
  readonly vram: number | null;
  readonly gtt: number | null;
  /** A memory vendor or a board's number is there: the card carries its own memory. */
  readonly board: boolean;
}

/** True, false, or null where nothing decides. */
export function isIntegrated(memory: AmdMemory): boolean | null {
  if (memory.gfx !== null && APU_TARGETS.has(memory.gfx)) return true;
  if (memory.board) return false;
  const { vram, gtt } = memory;
  if (vram === null) return null;
  if (memory.bank_bytes > 2 * vram) return true;
  if (gtt === null) return null;
  if (vram <= 4 * GiB && gtt >= 8 * GiB && gtt >= 4 * vram) return true;
  return gtt >= 8 * vram ? true : null;
}

/**
 * Bytes a program can put on the GPU. A partition's bank is its share of the card, so the bank goes
 * before DRM's total; an integrated GPU has its carve-out and what it may borrow of `machine` bytes.
 */
export function usableBytes(memory: AmdMemory, machine: number | null): number | null {
  const { vram, gtt, bank_bytes } = memory;
  if (isIntegrated(memory) && vram !== null && gtt !== null) {
    return vram + Math.min(gtt, machine ?? gtt);
  }
  return bank_bytes > 0 ? bank_bytes : vram;
}
