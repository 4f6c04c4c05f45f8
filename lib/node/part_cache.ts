/**
 * Folders that are built once and shared: unpacked packages and virtual environments. However many
 * ask for one, it is built once; while somebody holds it, it stays; past the bound, those that nobody
 * holds go, the one used longest ago first. What could not be built is built anew for the next who asks.
 */
import { join } from "node:path";

/** A folder that is there and whole until it is released. */
export interface Part {
  readonly dir: string;
  /** Called once. */
  release(): void;
}

/** Fills the empty folder `dir`, which it makes. What it throws, all who wait are told. */
export type Build = (dir: string, signal: AbortSignal) => Promise<void>;

interface Entry {
  dir: string;
  holders: number;
  /** Settles when it is built. */
  built: Promise<void>;
  /** Gives the building up. */
  cancel: AbortController;
  whole: boolean;
  /** Settles when a failed one's folder is gone. */
  removed: Promise<void> | undefined;
  size: number;
  used: number;
}

/** See the top of this file. */
export class PartCache {
  readonly #entries = new Map<string, Entry>();
  readonly #removals = new Set<Promise<void>>();
  #clock = 0;

  /** @param limit bytes of all folders, past which those that nobody holds are removed. */
  constructor(readonly dir: string, readonly limit: number) {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /**
   * The part of this key, held. `key` must be fit for a file's name.
   * @throws what `build` throws, or the signal's reason; without anybody left who waits for it, a
   * building is given up.
   */
  async hold(key: string, build: Build, signal: AbortSignal): Promise<Part> {
    signal.throwIfAborted();
    let entry = this.#entries.get(key);
    while (entry && isEnding(entry)) {
      await unlessAborted(entry.removed ?? entry.built.catch(() => {}), signal);
      entry = this.#entries.get(key);
    }
    entry ??= this.#begin(key, build);
    entry.holders++;
    try {
      await unlessAborted(entry.built, signal);
    } catch (error) {
      this.#release(entry);
      throw error;
    }
    let held = true;
    return {
      dir: entry.dir,
      release: () => {
        if (held) this.#release(entry);
        held = false;
      },
    };
  }

  /** Gives up what is being built, and waits until nothing of it runs. */
  async close(): Promise<void> {
    const building = [...this.#entries.values()].filter((entry) => !entry.whole);
    for (const { cancel } of building) cancel.abort(new Error("The node is being ended"));
    await Promise.allSettled(building.map((entry) => entry.built));
    await Promise.allSettled(this.#removals);
  }

  #begin(key: string, build: Build): Entry {
    const dir = join(this.dir, key);
    const cancel = new AbortController();
    const entry: Entry = {
      dir,
      holders: 0,
      built: Promise.resolve(),
      cancel,
      whole: false,
      removed: undefined,
      size: 0,
      used: 0,
    };
    this.#entries.set(key, entry);
    entry.built = this.#build(entry, build).catch((error) => {
      entry.removed = this.#remove(key, entry);
      throw error;
    });
    entry.built.catch(() => {}); // whoever waits for it hears of it
    return entry;
  }

  async #build(entry: Entry, build: Build): Promise<void> {
    await build(entry.dir, entry.cancel.signal);
    entry.size = await sizeOf(entry.dir);
    entry.whole = true;
    this.#trim();
  }

  #release(entry: Entry): void {
    entry.holders--;
    entry.used = ++this.#clock;
    if (entry.holders > 0) return;
    if (!entry.whole) return entry.cancel.abort(new Error("Nobody waits for it any more"));
    this.#trim();
  }

  #trim(): void {
    let total = 0;
    const idle: [string, Entry][] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.removed) continue;
      total += entry.size;
      if (entry.whole && entry.holders === 0) idle.push([key, entry]);
    }
    for (const [key, entry] of idle.sort(([, a], [, b]) => a.used - b.used)) {
      if (total <= this.limit) return;
      total -= entry.size;
      entry.removed = this.#remove(key, entry);
    }
  }

  /** Removes its folder, then forgets it: until then nobody builds in its place. */
  #remove(key: string, entry: Entry): Promise<void> {
    const removal = removeFolder(entry.dir).then(() => {
      this.#entries.delete(key);
      this.#removals.delete(removal);
    });
    this.#removals.add(removal);
    return removal;
  }
}

/** It is being removed, or was given up and still ends. */
function isEnding({ removed, whole, cancel }: Entry): boolean {
  return removed !== undefined || (!whole && cancel.signal.aborted);
}

async function removeFolder(dir: string): Promise<void> {
  try {
    await Deno.remove(dir, { recursive: true });
  } catch { /* it did not come to be */ }
}

/** Waits for the first of the two. */
function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Bytes of the files below; what vanishes meanwhile does not count. */
async function sizeOf(dir: string): Promise<number> {
  let size = 0;
  try {
    for await (const { name, isDirectory, isSymlink } of Deno.readDir(dir)) {
      const path = join(dir, name);
      if (isDirectory) size += await sizeOf(path);
      else if (!isSymlink) size += (await Deno.lstat(path)).size;
    }
  } catch { /* it is gone */ }
  return size;
}
