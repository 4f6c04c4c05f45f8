/**
 * A folder of a daemon's own, in a place that daemons share: shared memory, or the spill folder of a
 * runtime directory. Its name says whose it is (pid and start time) and a locked file in it that the
 * daemon lives, so that a later one can clear away what a killed one left.
 */
import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { isRunning, startTicks } from "../runtime/records.ts";
import { DIRECTORY, giveToGroup } from "../runtime/group_access.ts";
import type { Libc } from "./libc.ts";

/** Where a folder is made, and for whom. */
export interface StoreFolderOptions {
  /** The shared place. */
  parent: string;
  /** What the names of this kind of folder begin with; without a trailing hyphen. */
  prefix: string;
  /** The place is this user's alone, but for the group. */
  isOwnParent?: boolean;
  /** Tells daemons of one process apart. */
  key: string;
  /** Whose members put files there too, and read them. */
  group?: number | undefined;
  libc: Pick<Libc, "lock"> | undefined;
}

/** See {@link openStoreFolder}. */
export interface StoreFolder extends Disposable {
  /** Another one after it was removed under us: look it up for each file. */
  readonly dir: string;
  /** Bytes that the file system has left for an ordinary process. */
  free(): number;
  /** Bytes that it has altogether. */
  size(): number;
}

const LOCK = "lock";

/**
 * Makes a folder for this daemon, and clears away those of dead ones.
 * @throws what the system answers where it cannot be made.
 */
export function openStoreFolder(options: StoreFolderOptions): StoreFolder {
  const { parent, prefix, key, libc, group, isOwnParent = false } = options;
  if (isOwnParent) Deno.mkdirSync(parent, { recursive: true, mode: 0o700 });
  if (group !== undefined && isOwnParent) giveToGroup(parent, group, DIRECTORY.pass);
  sweep(options);
  const make = () => {
    // Nobody knows the name before: where all may write, another user could take it first.
    const own = `${key}.${randomBytes(4).toString("hex")}`;
    const dir = join(parent, `${prefix}-${own}-${Deno.pid}-${startTicks(Deno.pid) ?? 0}`);
    Deno.mkdirSync(dir, { mode: 0o700, recursive: isOwnParent });
    if (group !== undefined) giveToGroup(dir, group, DIRECTORY.add);
    return { dir, lock: libc?.lock(join(dir, LOCK)) };
  };
  let { dir, lock } = make();
  const stats = () => {
    // Somebody emptied the place, as logind does with RemoveIPC when its user logs out; and the name, which
    // others saw, may be another user's by now.
    if (!isOwn(dir)) {
      lock?.[Symbol.dispose]();
      ({ dir, lock } = make());
    }
    return statfsSync(dir);
  };
  return {
    get dir() {
      return dir;
    },
    free() {
      const { bavail, bsize } = stats();
      return bavail * bsize;
    },
    size() {
      const { blocks, bsize } = stats();
      return blocks * bsize;
    },
    [Symbol.dispose]() {
      if (isOwn(dir)) removeTree(dir);
      lock?.[Symbol.dispose]();
    },
  };
}

/** A folder whose process neither runs here nor, in a container beside us, holds its lock. */
function sweep({ parent, prefix, libc }: StoreFolderOptions): void {
  for (const { name, isDirectory } of Deno.readDirSync(parent)) {
    const found = name.startsWith(`${prefix}-`) && /-(\d+)-(\d+)$/.exec(name);
    if (!isDirectory || !found) continue;
    const owner = { pid: Number(found[1]), start_ticks: Number(found[2]) };
    if (owner.start_ticks === 0 || isRunning(owner)) continue;
    const dir = join(parent, name);
    if (!isOwn(dir)) continue;
    const lock = libc?.lock(join(dir, LOCK));
    if (libc && !lock) continue; // it lives, or it is another user's
    removeTree(dir);
    lock?.[Symbol.dispose]();
  }
}

/** Whether a folder is this user's; false also where somebody has removed it. */
export function isOwn(dir: string): boolean {
  try {
    const { isDirectory, uid } = Deno.lstatSync(dir);
    return isDirectory && uid === Deno.uid();
  } catch {
    return false;
  }
}

function removeTree(dir: string): void {
  try {
    Deno.removeSync(dir, { recursive: true });
  } catch { /* somebody removed it before, or it is not ours */ }
}
