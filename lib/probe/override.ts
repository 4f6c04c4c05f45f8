/**
 * `--num-gpus` and `BEAM_NUM_GPUS`: a person's word against the files'.
 *
 * @module
 */

import { GpuCountError } from "./errors.ts";
import type { Environment, Masked, Slot } from "./masks.ts";

export interface Override {
  readonly count: number;
  /** Where it came from, for messages. */
  readonly source: "--num-gpus" | "BEAM_NUM_GPUS";
}

const MOST = 4096;

/**
 * The flag where given, else the variable where set and not empty, else null.
 *
 * @throws {GpuCountError} if the value is not a whole number of 0 or more.
 */
export function readOverride(flag: string | number | null, env: Environment): Override | null {
  if (flag !== null) return parse(`${flag}`, "--num-gpus");
  const variable = env.BEAM_NUM_GPUS;
  return variable === undefined || variable === "" ? null : parse(variable, "BEAM_NUM_GPUS");
}

/**
 * What a count hands out: GPUs that would be counted anyway first, then those left aside, then
 * ordinals that no file knows. Under a mask it may only take what the mask lists.
 *
 * @throws {GpuCountError} if the count is more than the mask lists.
 */
export function overrideSlots(override: Override, masked: Masked): Slot[] {
  const { limit } = masked;
  if (limit !== null && override.count > limit.ids.length) {
    throw new GpuCountError(
      `Cannot offer ${override.count} GPUs (${override.source}): ${limit.variable} lists ` +
        `${limit.ids.length}, and beam hands out only what it lists.`,
      `Give ${override.source === "--num-gpus" ? "--num-gpus " : "BEAM_NUM_GPUS="}` +
        `${limit.ids.length} or less, or start beam with another ${limit.variable}.`,
    );
  }
  const known = masked.slots;
  const ordered = [
    ...known.filter((slot) => (slot.device?.aside ?? null) === null),
    ...known.filter((slot) => (slot.device?.aside ?? null) !== null),
  ];
  const taken = new Set(ordered.map((slot) => slot.id));
  const ids = limit?.ids ?? Array.from({ length: override.count + known.length }, (_, i) => `${i}`);
  for (const id of ids) if (!taken.has(id)) ordered.push({ id, device: null });
  return ordered.slice(0, override.count);
}

function parse(text: string, source: Override["source"]): Override {
  const trimmed = text.trim();
  const count = /^\d+$/.test(trimmed) ? Number(trimmed) : NaN;
  if (!(count <= MOST)) {
    throw new GpuCountError(
      `Cannot take "${text}" from ${source} as the number of GPUs: ` +
        `it must be a whole number from 0 to ${MOST}.`,
      `Give 0 to offer none, or leave ${source} out and beam counts them itself.`,
    );
  }
  return { count, source };
}
