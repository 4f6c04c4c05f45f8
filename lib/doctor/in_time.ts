/** Waits for work no longer than a signal allows: what hangs in the kernel does not hear that it is to end. */
export async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** A signal that aborts with `signal`, or after `ms` milliseconds; it is to be disposed of. */
export function deadline(ms: number, signal?: AbortSignal): Disposable & { signal: AbortSignal } {
  const ending = new AbortController();
  const timer = setTimeout(
    () => ending.abort(new Error(`there was no answer within ${ms / 1000} s`)),
    ms,
  );
  return {
    signal: signal ? AbortSignal.any([signal, ending.signal]) : ending.signal,
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
