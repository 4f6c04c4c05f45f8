import { type Clock, systemClock } from "../runtime/clock.ts";

/** Runs something that takes a signal, aborting it after a while; leaves no timer behind. */
export async function withDeadline<T>(
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
  clock: Pick<Clock, "after"> = systemClock(),
): Promise<T> {
  const controller = new AbortController();
  const stop = clock.after(
    ms,
    () => controller.abort(new Error(`there was no answer within ${ms} ms`)),
  );
  try {
    return await run(controller.signal);
  } finally {
    stop();
  }
}
