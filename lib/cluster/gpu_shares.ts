/**
 * Devices behind the resource `GPU`. A fraction lives on one device, and more than one GPU means
 * whole free devices: half of one and half of another are not a GPU.
 */
import { UNIT } from "./amounts.ts";

/** A device by its index on the node, and units of it. */
export type GpuShare = [index: number, units: number];

/** Why this many units of GPU can never be asked for, or undefined. */
export function gpuFault(units: number): string | undefined {
  if (units <= UNIT || units % UNIT === 0) return undefined;
  return `GPU must be a whole number when above 1, got ${units / UNIT}`;
}

/**
 * Chooses devices for a request.
 *
 * A fraction goes to the device with the least free that still suffices, so that whole devices
 * stay whole; whole devices are taken from the lowest index.
 *
 * @param shares free units per device, by index ascending
 * @returns the shares to take, none for 0 units; undefined where the devices do not suffice
 */
export function pickDevices(shares: readonly GpuShare[], units: number): GpuShare[] | undefined {
  if (units === 0) return [];
  if (units < UNIT) {
    let best: GpuShare | undefined;
    for (const share of shares) {
      if (share[1] >= units && (best === undefined || share[1] < best[1])) best = share;
    }
    return best === undefined ? undefined : [[best[0], units]];
  }
  if (units % UNIT !== 0) return undefined;
  const whole = shares.filter(([, free]) => free === UNIT).slice(0, units / UNIT);
  return whole.length === units / UNIT ? whole.map(([index]) => [index, UNIT]) : undefined;
}

/** True where {@link pickDevices} would find some. */
export function hasDevices(shares: readonly GpuShare[], units: number): boolean {
  if (units === 0) return true;
  if (units < UNIT) return shares.some(([, free]) => free >= units);
  if (units % UNIT !== 0) return false;
  let whole = 0;
  for (const [, free] of shares) if (free === UNIT) whole += 1;
  return whole >= units / UNIT;
}
