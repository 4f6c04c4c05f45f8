/** Bodies of requests, within bounds of size and time. */
import { encode } from "msgpack";
import { checkBounds } from "../wire/header_bounds.ts";
import { HttpFailure } from "./http_failure.ts";

/** Bytes and milliseconds. */
export interface BodyLimits {
  most: number;
  ms: number;
}

/** What is usual for a JSON body. */
export const JSON_LIMITS: Readonly<BodyLimits> = { most: 8 * 2 ** 20, ms: 30_000 };

/** How deep lists and maps may be nested: the parser takes far longer over deep ones, and links have a bound. */
const MOST_DEEP = 50;

/** The body as JSON that links can carry to nodes. @throws {HttpFailure} 400, 408 or 413 */
export async function jsonBody(request: Request, limits: BodyLimits = JSON_LIMITS) {
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedBody(request, limits)) chunks.push(chunk);
  const text = await new Blob(chunks as BlobPart[]).text();
  if (isDeep(text)) {
    const what = `its body must not be nested deeper than ${MOST_DEEP}`;
    throw new HttpFailure(400, `Cannot read the request: ${what}.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpFailure(400, "Cannot read the request: its body must be JSON.");
  }
  try {
    checkBounds(encode(value));
  } catch (error) {
    const what = "its body must have whole Unicode characters and no key `__proto__`";
    throw new HttpFailure(400, `Cannot read the request: ${what}.`, { cause: error });
  }
  return value;
}

/** True for brackets nested too deep; those in texts do not count. */
function isDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) quoted = !quoted;
    else if (quoted) at += code === 0x5c ? 1 : 0; // what a backslash escapes ends no text
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MOST_DEEP) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
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
