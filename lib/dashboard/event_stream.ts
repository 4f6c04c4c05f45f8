/**
 * Server-sent events. A part is made when the browser has taken the one before: what a slow one has not
 * taken yet is not kept for it.
 */

/** Without news something is sent after so long, in milliseconds: connections on which nothing moves end. */
export const BEAT_MS = 10_000;

/** One event as it goes over HTTP; `data` must have no line breaks, as JSON has none. */
export function eventText(name: string, data: string, id?: string): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
}

/** An answer that goes on for as long as there are parts, or until the reader is gone. */
export function streamAnswer(
  make: (signal: AbortSignal) => AsyncIterator<string>,
  reader: AbortSignal,
): Response {
  const gone = new AbortController();
  const end = () => gone.abort();
  reader.addEventListener("abort", end);
  const encoder = new TextEncoder();
  const parts = make(gone.signal);
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = await parts.next();
      if (!part.done) return controller.enqueue(encoder.encode(part.value));
      end();
      reader.removeEventListener("abort", end);
      controller.close();
    },
    cancel: end,
  }, { highWaterMark: 0 });
  return new Response(stream, {
    headers: {
      "connection": "close",
      "cache-control": "no-store",
      "content-type": "text/event-stream; charset=utf-8",
      "x-content-type-options": "nosniff",
      // Proxies that gather answers would hold events back.
      "x-accel-buffering": "no",
    },
  });
}

/**
 * Settles as the first of these does, or with undefined once the time is up or the signal aborts.
 * @param ms how long
 */
export function within<T>(
  waiting: Promise<T>,
  ms: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    };
    const done = (value?: T) => {
      over();
      resolve(value);
    };
    const stop = () => done();
    const timer = setTimeout(stop, ms);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    waiting.then(done, (error) => {
      over();
      reject(error);
    });
  });
}
