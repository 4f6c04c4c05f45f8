/**
 * Two byte streams joined: what one side sends arrives at the other, until both have ended.
 *
 * An end of one direction is handed on as an end of that direction only, so that a peer that has said
 * all may still listen. A side that takes nothing stops the reading from the other: at most one buffer
 * per direction is held here.
 */
import { closeQuietly } from "./close_quietly.ts";
import { type ByteStream, writeAll } from "./link.ts";

/** A stream that can end its own direction, as the runtime's connections can. */
export interface SpliceStream extends ByteStream {
  closeWrite?(): Promise<void>;
}

/** Bytes copied at a time. */
const BUFFER_SIZE = 256 * 1024;

/** How a splice went. */
export interface SpliceEnd {
  /** Bytes from the first to the second stream, and back. */
  forth: number;
  back: number;
  /** What broke it; absent where both directions ended in order. */
  error?: Error;
}

async function endWriting(stream: SpliceStream): Promise<void> {
  if (!stream.closeWrite) return closeQuietly(stream);
  // The peer may have closed already: then it wants no end either.
  await stream.closeWrite().catch(() => {});
}

/**
 * Joins the streams; settles, never rejects, once both are closed.
 * @param options `early`: bytes of the first stream that were read before; `signal` ends the splice
 */
export async function splice(
  first: SpliceStream,
  second: SpliceStream,
  options: { early?: Uint8Array; signal?: AbortSignal } = {},
): Promise<SpliceEnd> {
  const end: SpliceEnd = { forth: 0, back: 0 };
  const stop = (error: unknown) => {
    end.error ??= error instanceof Error ? error : new Error(String(error));
    closeQuietly(first);
    closeQuietly(second);
  };
  const copy = async (from: SpliceStream, to: SpliceStream, count: (bytes: number) => void) => {
    const buffer = new Uint8Array(BUFFER_SIZE);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        await writeAll(to, buffer.subarray(0, n));
        count(n);
      }
      await endWriting(to);
    } catch (error) {
      // A broken direction has no use for the other: both ends must learn of it now.
      if (end.error === undefined) stop(error);
    }
  };
  const { early, signal } = options;
  const onAbort = () => stop(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (early && early.length > 0) {
      await writeAll(second, early);
      end.forth += early.length;
    }
    await Promise.all([
      copy(first, second, (bytes) => end.forth += bytes),
      copy(second, first, (bytes) => end.back += bytes),
    ]);
  } catch (error) {
    stop(error);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    closeQuietly(first);
    closeQuietly(second);
  }
  return end;
}
