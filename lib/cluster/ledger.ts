/**
 * A ledger: what is still free in one place, a node or a bundle, and the devices behind `GPU`.
 *
 * A bundle's ledger starts with what the bundle was granted on its node, so an actor inside a
 * bundle takes from the bundle's own device shares.
 */
import { UNIT } from "./amounts.ts";
import type { Amounts } from "./amounts.ts";
import { hasDevices, pickDevices } from "./gpu_shares.ts";
import type { GpuShare } from "./gpu_shares.ts";

/** What was taken: amounts, and for `GPU` the devices by index with the units of each. */
export interface Grant {
  amounts: Amounts;
  gpus: GpuShare[];
}

/** What is free. */
export interface Ledger {
  free: Amounts;
  /** Free units per device, by index ascending; holds every device of the place. */
  gpus: GpuShare[];
}

/** A ledger with everything free that the grant (or a node's totals) holds. */
export function ledgerOf(whole: Grant): Ledger {
  return {
    free: { ...whole.amounts },
    gpus: whole.gpus.map(([index, units]) => [index, units]),
  };
}

/** An independent copy. */
export function copyLedger(ledger: Ledger): Ledger {
  return ledgerOf({ amounts: ledger.free, gpus: ledger.gpus });
}

/** What serving the request would take, or undefined where it does not fit. Changes nothing. */
export function findGrant(ledger: Ledger, request: Amounts): Grant | undefined {
  for (const [name, units] of Object.entries(request)) {
    if ((ledger.free[name] ?? 0) < units) return undefined;
  }
  const gpus = pickDevices(ledger.gpus, request.GPU ?? 0);
  return gpus === undefined ? undefined : { amounts: { ...request }, gpus };
}

/** True where {@link findGrant} would find one. */
export function fits(ledger: Ledger, request: Amounts): boolean {
  for (const name in request) {
    if ((ledger.free[name] ?? 0) < request[name]!) return false;
  }
  return hasDevices(ledger.gpus, request.GPU ?? 0);
}

/** Takes the grant out of the ledger. */
export function takeGrant(ledger: Ledger, grant: Grant): void {
  changeBy(ledger, grant, -1);
}

/** How often the same request could be served, at most `most` times. Changes nothing. */
export function howMany(ledger: Ledger, request: Amounts, most: number): number {
  const gpu = request.GPU ?? 0;
  // Parts of devices: which one is left for the next depends on the one before.
  if (gpu % UNIT !== 0) return takeMany(copyLedger(ledger), request, most);
  let count = most;
  for (const name in request) {
    count = Math.min(count, Math.floor((ledger.free[name] ?? 0) / request[name]!));
  }
  if (gpu === 0) return count;
  let whole = 0;
  for (const [, free] of ledger.gpus) if (free === UNIT) whole += 1;
  return Math.min(count, Math.floor(whole / (gpu / UNIT)));
}

/**
 * Takes out what serving the same request over and over would take.
 * @returns how often it was served, at most `most` times
 */
export function takeMany(ledger: Ledger, request: Amounts, most: number): number {
  const gpu = request.GPU ?? 0;
  let count = 0;
  if (gpu % UNIT !== 0) {
    for (; count < most; count++) {
      const grant = findGrant(ledger, request);
      if (grant === undefined) break;
      takeGrant(ledger, grant);
    }
    return count;
  }
  count = howMany(ledger, request, most);
  for (const name in request) ledger.free[name] = (ledger.free[name] ?? 0) - count * request[name]!;
  const whole = ledger.gpus.filter(([, free]) => free === UNIT);
  for (const share of whole.slice(0, count * gpu / UNIT)) share[1] = 0;
  return count;
}

/** Puts the grant back. */
export function returnGrant(ledger: Ledger, grant: Grant): void {
  changeBy(ledger, grant, 1);
}

function changeBy(ledger: Ledger, grant: Grant, sign: 1 | -1): void {
  for (const [name, units] of Object.entries(grant.amounts)) {
    ledger.free[name] = (ledger.free[name] ?? 0) + sign * units;
  }
  for (const [index, units] of grant.gpus) {
    const share = ledger.gpus.find(([at]) => at === index);
    if (share !== undefined) share[1] += sign * units;
  }
}
