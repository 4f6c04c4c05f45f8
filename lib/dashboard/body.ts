/** Bodies of requests, within bounds of size and time. */
import { HttpFailure } from "./http_failure.ts";

/** Bytes and milliseconds. */
export interface BodyLimits {
  most: number;
  ms: number;
}

/** What is usual for a JSON body. */
export const JSON_LIMITS: Readonly<BodyLimits> = { most: 8 * 2 ** 20, ms: 30_000 };

/** The body as JSON. @throws {HttpFailure} 400, 408 or 413 */
export async function jsonBody(request: Request, limits: BodyLimits = JSON_LIMITS) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedBody(request, limits)) chunks.push(chunk);
  const text = await new Blob(chunks as BlobPart[]).text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HttpFailure(400, "Cannot read the request: its body must be JSON.");
  }
}

/** The body as a stream that fails where it is too large or too slow: with 413 or 408. */
export function boundedBody(request: Request, limits: BodyLimits): ReadableStream<Uint8Array> {
  const tooLarge = () =>
    new HttpFailure(
      413,
      `Cannot take the request: its body must have at most ${limits.most} bytes.`,
    );
  if (Number(request.headers.get("content-length") ?? 0) > limits.most) throw tooLarge();
  const reader = request.body?.getReader();
  let size = 0;
  const until = Date.now() + limits.ms;
  return new ReadableStream({
    async pull(controller) {
      const part = reader && await within(until - Date.now(), reader.read().catch(cut));
      if (!part || part.done) return controller.close();
      size += part.value.length;
      if (size > limits.most) throw tooLarge();
      controller.enqueue(part.value);
    },
    cancel: (reason) => reader?.cancel(reason),
  });
}

function cut(error: unknown): never {
  throw new HttpFailure(400, "Cannot take the request: its body was cut off.", { cause: error });
}

async function within<T>(ms: number, reading: Promise<T>): Promise<T> {
  let timer: number | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new HttpFailure(408, "Cannot take the request: its body did not arrive in time."));
    }, Math.max(0, ms));
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
