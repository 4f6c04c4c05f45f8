/**
 * A history as data: what happens, in which order, each happening with a salt from which it draws
 * all its choices. Leaving some out changes nothing about the salts of the others, which is what
 * lets a failing history be made shorter.
 */
import { Prng } from "./prng.ts";

/** One thing that happens. */
export interface Happening {
  kind: string;
  salt: number;
  /** Its place in the whole history, from 1. */
  number: number;
}

/** What happens under one seed. */
export interface History {
  seed: number;
  happenings: readonly Happening[];
}

/** How likely each kind of happening is beside the others. */
export type Weights = Readonly<Record<string, number>>;

/** The history of a seed. */
export function drawHistory(seed: number, weights: Weights, count: number): History {
  const prng = new Prng(seed);
  const kinds = Object.entries(weights);
  const all = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  const draw = (): string => {
    let at = prng.next() * all;
    return kinds.find(([, weight]) => (at -= weight) < 0)![0];
  };
  const happenings = Array.from({ length: count }, (_, index): Happening => ({
    kind: draw(),
    salt: prng.int(2 ** 32),
    number: index + 1,
  }));
  return { seed, happenings };
}

/** The same history with only those of its happenings that have these numbers. */
export function only(history: History, numbers: ReadonlySet<number>): History {
  return {
    ...history,
    happenings: history.happenings.filter(({ number }) => numbers.has(number)),
  };
}
