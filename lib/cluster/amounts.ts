/**
 * Exact amounts of resources, in units of 1/10000 as Ray counts them.
 *
 * Numbers are doubles. Whole bytes times 10000 are multiples of 16, so memory stays exact up to
 * 2^57 units (14 TB a node); other resources must stay under 2^53 units.
 */

/** Units per 1.0 of a resource. */
export const UNIT = 10_000;

/** Resource name to amount in units; absent means none, zero is never stored. */
export type Amounts = Record<string, number>;

/** Resources that are counted in whole bytes. */
const BYTES: ReadonlySet<string> = new Set(["memory", "object_store_memory"]);
const MOST_BYTES = 2 ** 57;

/** Every map has these already, as something that is no amount: `constructor`, `toString`. */
const isInherited = (name: string) => name in Object.prototype;
const INHERITED = "no resource can have this name";

/** An amount that cannot be expressed; the message is fit for a user. */
export class AmountError extends Error {
  override name = "AmountError";
}

/**
 * A float as a user writes it, in units.
 *
 * @param value amount, at least 0, with up to four decimals (more are rounded)
 * @param resource name for the message, and whether it is rounded to whole bytes
 * @throws AmountError for a non-finite, negative or too large value, one that rounds to zero, and a name
 * that every object of the language has
 */
export function toUnits(value: number, resource = "a resource"): number {
  if (isInherited(resource)) throw new AmountError(`Cannot count ${resource}: ${INHERITED}.`);
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new AmountError(
      `Cannot count ${resource}: it must be a finite number of at least 0, got ${value}.`,
    );
  }
  if (BYTES.has(resource)) {
    const units = Math.ceil(value) * UNIT;
    if (units < MOST_BYTES) return units;
  } else {
    const units = Math.round(value * UNIT);
    if (units === 0 && value > 0) {
      throw new AmountError(
        `Cannot count ${resource}: the smallest amount is 0.0001, got ${value}.`,
      );
    }
    if (Number.isSafeInteger(units)) return units;
  }
  throw new AmountError(`Cannot count ${resource}: ${value} is more than can be counted exactly.`);
}

/** Units as the float that Ray shows. */
export function fromUnits(units: number): number {
  return units / UNIT;
}

/**
 * Floats as users give them, as amounts; zeros are left out.
 *
 * @throws AmountError naming the resource that cannot be counted
 */
export function toAmounts(floats: Record<string, number>): Amounts {
  const amounts: Amounts = {};
  for (const [name, value] of Object.entries(floats)) {
    const units = toUnits(value, name);
    if (units > 0) amounts[name] = units;
  }
  return amounts;
}

/** Amounts as the floats that Ray shows; zeros and negative amounts are left out. */
export function toFloats(amounts: Amounts): Record<string, number> {
  const floats: Record<string, number> = {};
  for (const [name, units] of Object.entries(amounts)) {
    if (units > 0) floats[name] = fromUnits(units);
  }
  return floats;
}

/** Adds `more` into `sum` (in place). */
export function addAmounts(sum: Amounts, more: Amounts): void {
  for (const [name, units] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + units;
}

/** The larger of both for each resource. */
export function largerOf(a: Amounts, b: Amounts): Amounts {
  const most: Amounts = { ...a };
  for (const [name, units] of Object.entries(b)) most[name] = Math.max(most[name] ?? 0, units);
  return most;
}

/** `1 GPU`, `0.5 GPU`, `2 GiB memory`: one amount in words. */
export function amountText(name: string, units: number): string {
  return BYTES.has(name) ? `${bytesText(fromUnits(units))} ${name}` : `${fromUnits(units)} ${name}`;
}

/** `1 GPU, 0.001 node:10.0.0.1`: amounts in words, `nothing` when empty. */
export function amountsText(amounts: Amounts): string {
  const parts = Object.entries(amounts).map(([name, units]) => amountText(name, units));
  return parts.length > 0 ? parts.join(", ") : "nothing";
}

/** The number alone, in the unit that suits the resource, for `0 of 2`. */
export function countText(name: string, units: number): string {
  return BYTES.has(name) ? bytesText(fromUnits(units)) : String(fromUnits(units));
}

function bytesText(bytes: number): string {
  const scales: [number, string][] = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]];
  for (const [size, word] of scales) {
    if (bytes >= size) return `${Math.round((bytes / size) * 100) / 100} ${word}`;
  }
  return `${bytes} B`;
}

/** Why these are no amounts, or undefined when they are: whole, positive, exact units. */
export function amountsFault(amounts: unknown): string | undefined {
  if (typeof amounts !== "object" || amounts === null || Array.isArray(amounts)) {
    return "resources must be a map of names to amounts";
  }
  for (const [name, units] of Object.entries(amounts)) {
    if (isInherited(name)) return `${name}: ${INHERITED}`;
    const exact = Number.isSafeInteger(units) ||
      (BYTES.has(name) && Number.isInteger(units) && units < MOST_BYTES);
    if (!exact || units < 0) return `${name} must be a whole number of 1/10000, got ${units}`;
  }
  return undefined;
}

/** A copy without zeros. */
export function withoutZeros(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, units]) => units > 0));
}
