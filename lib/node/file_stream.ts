/**
 * One file from one daemon to another: `file.want`, `file.found`, then the bytes as they are. Both
 * sides hold two buffers: one is filled while the other is written. A reader that is slow stops the
 * sender by TCP's own means.
 */
import { closeQuietly } from "../wire/close_quietly.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { encodeFrame } from "../wire/frames.ts";
import { expectMessage, type Opened, refuseStream } from "../wire/handshake.ts";
import { writeAll } from "../wire/link.ts";
import type { Fields } from "../wire/messages.ts";

/** Bytes of one buffer. */
const BUFFER_SIZE = 2 ** 20;
/** How long the other side may take to say that it has the file, in milliseconds: it may be being written. */
const FOUND_TIMEOUT = 30_000;
/** A stream that says nothing for this long has broken, in milliseconds. */
export const SILENCE = 10_000;

/**
 * Says where a wanted file lies; undefined where there is none of that name. The name comes from
 * another machine: it is to be looked up, or checked, before it becomes part of a path.
 */
export type FileSource = (
  name: string,
  /** The node that wants it, where it says so. */
  node: string | undefined,
) => Promise<string | undefined> | string | undefined;

/**
 * Serves the one file that is wanted on `opened`, and closes the stream.
 * @param sources by the `source` of `file.want`
 */
export async function serveFile(
  opened: Opened,
  sources: ReadonlyMap<string, FileSource>,
  options: { peer: string; signal: AbortSignal },
): Promise<void> {
  const { stream } = opened;
  const { peer, signal } = options;
  const wanted = await expectMessage(opened, "file.want", { peer });
  let file: Deno.FsFile;
  try {
    const path = await sources.get(wanted.source)?.(wanted.name, wanted.node);
    if (path === undefined) throw new Deno.errors.NotFound("it has no such file");
    file = await Deno.open(path);
  } catch (error) {
    return await refuseStream(stream, lost(wanted, (error as Error).message));
  }
  const end = () => closeQuietly(stream);
  signal.addEventListener("abort", end, { once: true });
  try {
    signal.throwIfAborted(); // while the file was waited for
    const { size } = await file.stat();
    await writeAll(stream, encodeFrame({ kind: "file.found", size }));
    await file.seek(wanted.offset, Deno.SeekMode.Start);
    await copy((buffer) => file.read(buffer), (bytes) => writeAll(stream, bytes));
    await stream.closeWrite?.();
  } catch {
    /* the reader is gone, or asks again from where it got to */
  } finally {
    signal.removeEventListener("abort", end);
    file.close();
    closeQuietly(stream);
  }
}

/**
 * Reads a file from `opened` into `file`, which is written from `wanted.offset` on; closes the stream.
 * @param options `size`: told when it is known; `progress`: how far it has got, in bytes of the file
 * @throws {RequestFailed} where the other side has no such file; {@link LinkClosed} where the stream
 * breaks; the signal's reason; what the system answers where `file` cannot be written
 */
export async function receiveFile(
  opened: Opened,
  wanted: Fields<"file.want">,
  file: Deno.FsFile,
  options: { peer: string; signal: AbortSignal; progress(offset: number): void },
): Promise<{ size: number }> {
  const { stream } = opened;
  const { peer, signal, progress } = options;
  let silent = false;
  let timer: number | undefined;
  const end = () => closeQuietly(stream);
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (silent = true, end()), SILENCE);
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    signal.throwIfAborted();
    await writeAll(stream, encodeFrame({ ...wanted, kind: "file.want" }));
    const { size } = await expectMessage(opened, "file.found", { peer, timeout: FOUND_TIMEOUT });
    let at = wanted.offset;
    await copy((buffer) => {
      watch();
      return stream.read(buffer);
    }, async (bytes) => {
      await writeWhole(file, bytes);
      at += bytes.length;
      progress(at);
    });
    if (at !== size) throw new LinkClosed(`${peer} ended the stream at byte ${at} of ${size}`);
    return { size };
  } catch (error) {
    signal.throwIfAborted();
    if (silent) throw new LinkClosed(`${peer} has sent nothing for ${SILENCE / 1000} s`);
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    closeQuietly(stream);
  }
}

/** Copies until there is no more to read. */
async function copy(
  read: (buffer: Uint8Array) => Promise<number | null>,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const buffers = [new Uint8Array(BUFFER_SIZE), new Uint8Array(BUFFER_SIZE)] as const;
  let writing = Promise.resolve();
  try {
    for (let turn: 0 | 1 = 0;; turn = turn === 0 ? 1 : 0) {
      const buffer = buffers[turn];
      const count = await read(buffer);
      await writing;
      if (count === null) return;
      writing = write(buffer.subarray(0, count));
      writing.catch(() => {}); // it is waited for above, or below
    }
  } finally {
    await writing;
  }
}

async function writeWhole(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function lost({ source, name }: Fields<"file.want">, why: string): RequestFailed {
  return new RequestFailed(
    "object_lost",
    `Cannot send the ${source} ${name}: ${why.replace(/ \(os error \d+\).*$/s, "")}`,
  );
}
