/**
 * What daemon and head write to their logs, on standard error too: where a node stays in front, a container's
 * engine and the journal of systemd keep that. It is read from the files: whoever is slow to take it holds up
 * nobody but this process.
 */
import { join } from "node:path";
import { nodeLogDir, runtimePaths } from "../runtime/paths.ts";
import type { DaemonRecord } from "../runtime/records.ts";

const READ_SIZE = 64 * 1024;
/** How often files are looked at where the kernel tells of no changes, in milliseconds. */
const LOOK_INTERVAL = 1000;

/** A file from where on it is shown; it may not be there yet. */
export interface Mirrored {
  path: string;
  from: number;
}

/** See the top of this file. */
export class LogMirror {
  #files: MirroredFile[];
  #watcher: Deno.FsWatcher | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;
  #running: Promise<void>;

  /** @param write takes bytes in order, one call at a time */
  constructor(files: readonly Mirrored[], readonly write: (bytes: Uint8Array) => Promise<unknown>) {
    this.#files = files.map((file) => new MirroredFile(file));
    this.#running = this.#run();
  }

  /** Shows what is left, and ends. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatch();
    this.#wake?.();
    await this.#running;
    await this.#drain();
    for (const file of this.#files) file.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // Before what is there is read: what comes meanwhile is told.
      this.#watcher = this.#watch();
      await this.#drain();
      if (this.#stopped) break;
      await this.#changes();
    }
    this.#unwatch();
  }

  /** Shows what changes until a file has begun anew. */
  async #changes(): Promise<void> {
    if (!this.#watcher) return await this.#pause();
    for await (const { kind } of this.#watcher) {
      if (kind === "access") continue; // our own reading
      await this.#drain();
      if (kind !== "modify" || this.#files.some((file) => file.isReplaced)) return;
    }
  }

  #unwatch(): void {
    try {
      this.#watcher?.close();
    } catch { /* who stops to read it has closed it */ }
    this.#watcher = undefined;
  }

  #watch(): Deno.FsWatcher | undefined {
    try {
      return Deno.watchFs(this.#files.map(({ path }) => path));
    } catch {
      return undefined; // one is not there yet, or the kernel has no watch left
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LOOK_INTERVAL);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #drain(): Promise<void> {
    for (const file of this.#files) {
      for (let bytes = file.read(); bytes.length > 0; bytes = file.read()) {
        try {
          await this.write(bytes);
        } catch { /* nobody reads it any more: the file has it */ }
      }
    }
  }
}

class MirroredFile {
  readonly path: string;
  #at: number;
  #file: Deno.FsFile | undefined;

  constructor({ path, from }: Mirrored) {
    this.path = path;
    this.#at = from;
  }

  /** Another file has the name now. */
  get isReplaced(): boolean {
    try {
      return this.#file !== undefined && this.#file.statSync().ino !== Deno.statSync(this.path).ino;
    } catch {
      return true;
    }
  }

  /** The next part; empty where there is no more now. */
  read(): Uint8Array {
    try {
      this.#file ??= Deno.openSync(this.path);
      const bytes = this.#next(this.#file);
      if (bytes.length > 0 || !this.isReplaced) return bytes;
      this.close();
      this.#at = 0;
      this.#file = Deno.openSync(this.path);
      return this.#next(this.#file);
    } catch {
      return new Uint8Array(0); // it is not there (yet)
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #next(file: Deno.FsFile): Uint8Array {
    const bytes = new Uint8Array(READ_SIZE);
    file.seekSync(this.#at, Deno.SeekMode.Start);
    const count = file.readSync(bytes) ?? 0;
    this.#at += count;
    return bytes.subarray(0, count);
  }
}

/**
 * Begins before the node is started, since the head appends to what former ones have written.
 * @returns begins to show, once there is a node
 */
export function mirrorOf(runtime: string): (record: DaemonRecord) => LogMirror {
  const head = join(runtimePaths(runtime).logs, "head.log");
  const from = sizeOf(head);
  return ({ node_id, is_head }) => {
    const daemon = { path: join(nodeLogDir(runtime, node_id), "daemon.log"), from: 0 };
    return new LogMirror(is_head ? [daemon, { path: head, from }] : [daemon], writeError);
  };
}

async function writeError(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await Deno.stderr.write(bytes.subarray(at));
}

/** The size that a file has now. */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
