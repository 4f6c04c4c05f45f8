/**
 * What the finders of each vendor report to `gpus.ts`.
 *
 * @module
 */

/** Something a person reading `beam status` or `beam doctor` should know; `code` is stable. */
export interface Note {
  readonly code: string;
  readonly text: string;
}

/** One GPU that this process may use, before any mask is applied. */
export interface Device {
  readonly name: string;
  /** X of Ray's `accelerator_type:X`, null where the model has no such name. */
  readonly accelerator_type: string | null;
  /** As the vendor's runtime prints it; null where no file states it or it names several. */
  readonly uuid: string | null;
  /** `dddd:bb:dd.f`, lower case. */
  readonly pci: string | null;
  readonly memory_bytes: number | null;
  /** Shares the machine's memory; null where the files do not say. */
  readonly integrated: boolean | null;
  /** Why it is not handed out unless a mask or a count asks for it; null for a normal GPU. */
  readonly aside: string | null;
}

/** Devices in the order in which the vendor's runtime numbers them, and what was seen besides. */
export interface Finding {
  readonly devices: readonly Device[];
  readonly notes: readonly Note[];
}
