/** Times of the same thing done several times over. */
import { cpuTime } from "./process_use.ts";

/** Milliseconds. */
export interface Times {
  median: number;
  worst: number;
  /** Processor time of the watched process for one of them. */
  cpu: number;
}

/**
 * Does something `count` times.
 * @param pid the process whose processor time is told beside
 * @param once does it; returns how long it took in milliseconds where that is not all of it
 */
export async function timesOf(
  count: number,
  pid: number,
  once: (at: number) => Promise<number | void>,
): Promise<Times> {
  const took: number[] = [];
  const before = cpuTime(pid);
  for (let at = 0; at < count; at++) {
    const begun = performance.now();
    const own = await once(at);
    took.push(own ?? performance.now() - begun);
  }
  const cpu = (cpuTime(pid) - before) * 1000 / count;
  took.sort((a, b) => a - b);
  return { median: took[took.length >> 1]!, worst: took.at(-1)!, cpu };
}

/** `median 12.3 ms, worst 20.0 ms, 11.0 ms of the head's processor`. */
export function timesText({ median, worst, cpu }: Times): string {
  const text = (ms: number) => `${ms.toFixed(1)} ms`;
  return `median ${text(median)}, worst ${text(worst)}, ${text(cpu)} of the head's processor each`;
}
