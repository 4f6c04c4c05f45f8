/**
 * Visibility variables inherited by the daemon. It hands out only what they list, and hands out
 * their own entries, because its workers inherit the same meaning of them. Each vendor's rules are
 * its runtime's: a list ends at the first entry that names nothing.
 *
 * @module
 */

import type { Device, Note } from "./device.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** One thing to hand out: what goes into the variable, and the GPU if the files show which. */
export interface Slot {
  readonly id: string;
  readonly device: Device | null;
}

export interface Masked {
  readonly slots: readonly Slot[];
  /** The variable whose entries the ids are; null where ids are plain ordinals. */
  readonly variable: string | null;
  /** Ids that an override may hand out, right or wrong; null where no mask limits it. */
  readonly limit: { readonly variable: string; readonly ids: readonly string[] } | null;
  readonly notes: readonly Note[];
}

/** CUDA_VISIBLE_DEVICES as CUDA reads it; `NoDevFiles` is Slurm's word for none. */
export function maskNvidia(devices: readonly Device[], env: Environment): Masked {
  const value = env.CUDA_VISIBLE_DEVICES;
  if (value === undefined) return unmasked(devices, []);
  return apply("CUDA_VISIBLE_DEVICES", value, number(devices), []);
}

/**
 * ROCm's layers: ROCR_VISIBLE_DEVICES filters first and renumbers; then HIP_VISIBLE_DEVICES, or
 * CUDA_VISIBLE_DEVICES where that is not set, picks among what is left. An empty value of the
 * first hides everything, of the other two nothing.
 */
export function maskAmd(devices: readonly Device[], env: Environment): Masked {
  const rocr = env.ROCR_VISIBLE_DEVICES;
  let left = devices;
  let limit: Masked["limit"] = null;
  let notes: Note[] = [];
  if (rocr !== undefined) {
    const first = apply("ROCR_VISIBLE_DEVICES", rocr, number(devices), notes);
    left = first.slots.flatMap((slot) => slot.device === null ? [] : [slot.device]);
    // Listed by name, so no longer something to leave aside.
    left = left.map((device) => ({ ...device, aside: null }));
    limit = { variable: "ROCR_VISIBLE_DEVICES", ids: first.limit!.ids.map((_, i) => `${i}`) };
    notes = [...first.notes];
  }
  const { HIP_VISIBLE_DEVICES: hip, CUDA_VISIBLE_DEVICES: cuda } = env;
  for (const [name, value] of [["HIP", hip], ["CUDA", cuda]] as const) {
    if (value !== "") continue;
    notes.push({
      code: "empty-mask",
      text: `${name}_VISIBLE_DEVICES is set but empty, which ROCm reads as no mask; -1 hides all.`,
    });
  }
  if (hip && cuda && hip !== cuda) {
    notes.push({
      code: "mask-conflict",
      text:
        `HIP_VISIBLE_DEVICES=${hip} and CUDA_VISIBLE_DEVICES=${cuda} differ; ROCm uses the first.`,
    });
  }
  if (hip) return apply("HIP_VISIBLE_DEVICES", hip, number(left), notes);
  if (cuda) return apply("CUDA_VISIBLE_DEVICES", cuda, number(left), notes);
  return { ...unmasked(left, notes), limit };
}

function number(devices: readonly Device[]): Slot[] {
  return devices.map((device, ordinal) => ({ id: `${ordinal}`, device }));
}

function unmasked(devices: readonly Device[], notes: readonly Note[]): Masked {
  return { slots: number(devices), variable: null, limit: null, notes };
}

function apply(
  variable: string,
  value: string,
  visible: readonly Slot[],
  before: readonly Note[],
): Masked {
  const entries = value.trim() === "" ? [] : value.split(",").map((entry) => entry.trim());
  const ids = entries.slice(0, firstIndex(entries, (entry) => !isEntry(entry)));
  const slots: Slot[] = [];
  let end: string | null = null;
  for (const id of ids) {
    const match = pick(id, visible);
    const repeated = slots.some((slot) =>
      slot.id === id || slot.device !== null && slot.device === match?.device &&
        !isMig(id)
    );
    if (match === null || repeated) {
      end = repeated ? `${id} repeats a GPU` : `${id} names no GPU here`;
      break;
    }
    slots.push(match);
  }
  const notes = [...before];
  if (visible.length > 0) {
    const cut = end === null ? "" : `; the list ends at its entry ${end}`;
    notes.push({
      code: "inherited-mask",
      text: `${variable}=${value} was set when beam started: ` +
        `${slots.length} of ${visible.length} GPUs are handed out${cut}.`,
    });
  }
  return { slots, variable, limit: { variable, ids }, notes };
}

/** `NoDevFiles`, `-1` and anything else that is no index and no UUID end the list. */
function isEntry(entry: string): boolean {
  return /^\d+$/.test(entry) || /^(MIG-)?GPU-./i.test(entry) || isMig(entry);
}

function isMig(entry: string): boolean {
  return /^MIG-./.test(entry);
}

/** UUIDs may be cut short as long as they name one GPU. */
function pick(id: string, visible: readonly Slot[]): Slot | null {
  if (/^\d+$/.test(id)) {
    const slot = visible[Number(id)];
    return slot === undefined ? null : { id, device: slot.device };
  }
  if (visible.length === 0) return null;
  if (isMig(id)) return { id, device: migParent(id, visible) };
  const wanted = id.toLowerCase();
  const matches = visible.filter((slot) => slot.device?.uuid?.toLowerCase().startsWith(wanted));
  if (matches.length === 1) return { id, device: matches[0]!.device };
  // With no UUID readable nothing speaks against the user's word.
  const unknown = visible.every((slot) => slot.device?.uuid === null);
  return matches.length === 0 && unknown ? { id, device: null } : null;
}

/** `MIG-GPU-<uuid>/<gi>/<ci>` names its GPU; of `MIG-<uuid>` no file tells it. */
function migParent(id: string, visible: readonly Slot[]): Device | null {
  const gpu = /^MIG-(GPU-[^/]+)/i.exec(id)?.[1]?.toLowerCase();
  const named = visible.find((slot) => slot.device?.uuid?.toLowerCase() === gpu);
  return named?.device ?? (visible.length === 1 ? visible[0]!.device : null);
}

function firstIndex<T>(list: readonly T[], test: (item: T) => boolean): number {
  const index = list.findIndex(test);
  return index < 0 ? list.length : index;
}
