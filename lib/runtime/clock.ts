/** Time as daemons and heads need it; tests have one that they move themselves. */

/** The longest that a timer of the runtime may run, in milliseconds: a longer one is over at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Times are milliseconds since the epoch. Each timer returns its own end. */
export interface Clock {
  now(): number;
  /** The machine's clock as it is set: for what other machines hold against theirs. */
  wall(): number;
  after(ms: number, run: () => void): () => void;
  every(ms: number, run: () => void): () => void;
}

/**
 * The machine's clock, read once: afterwards only the time that has passed counts, so that a clock
 * that is set while a daemon or a head runs kills no node, and hides no silence.
 */
export function systemClock(): Clock {
  const start = Date.now() - performance.now();
  return {
    now: () => Math.round(start + performance.now()),
    wall: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    every: (ms, run) => {
      const timer = setInterval(run, ms);
      return () => clearInterval(timer);
    },
  };
}
