/**
 * The node's large values: files in shared memory, or on disk where the quota or shared memory is
 * full. The store gives out names and paths, counts, and removes; the bytes are written and mapped by
 * the processes themselves. A name is never used twice, so whoever still maps a removed file keeps
 * the bytes that were meant.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { GoneOwners } from "./gone_owners.ts";
import type { StoreFolder } from "./store_folder.ts";

/** What files take is counted in pages, as the kernel gives them out. */
const PAGE = 4096;
/** Shared memory is never filled to its last byte: others on the machine need some. */
const MEMORY_MARGIN = { share: 0.05, most: 256 * 2 ** 20 };
/** The disk is not either. */
const DISK_MARGIN = { share: 0.01, most: 256 * 2 ** 20 };

/** A file that is wanted. */
export interface WantedFile {
  size: number;
  owner: string;
  owner_node: string;
  object_id?: string;
  /** Of a copy: the original's name and node. */
  copy?: { name: string; node: string };
  /** On disk, whatever is free. */
  spill?: boolean;
}

/** One file of the store. */
export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly object_id: string;
  /** Bytes asked for. */
  readonly size: number;
  readonly spilled: boolean;
  readonly owner: string;
  readonly owner_node: string;
  /** Of a copy: the node of its original. */
  readonly origin: string | undefined;
  /** Nodes that copied it. */
  readonly readers: Set<string>;
  /** Settles when it is sealed (true) or will never be (false). */
  readonly whole: Promise<boolean>;
  state: "unsealed" | "sealed" | "dropped";
}

interface Entry extends StoredFile {
  settle(sealed: boolean): void;
  /** Who writes it. */
  maker: object;
}

/** What the store uses, in bytes of whole pages. */
export interface StoreUsage {
  memory: number;
  disk: number;
  files: number;
}

/** What a store is made from. */
export interface ObjectStoreOptions {
  /** Absent where the machine has no shared memory: then all is on disk. */
  memory: StoreFolder | undefined;
  disk: StoreFolder;
  /** Bytes that may lie in shared memory. */
  quota: number;
}

/** See the top of this file. */
export class ObjectStore {
  readonly gone = new GoneOwners();
  #files = new Map<string, Entry>();
  /** Dropped while their makers were at it, who may be about to create the file. */
  #dropped = new Set<Entry>();
  #byOwner = new Map<string, Set<Entry>>();
  #used = { memory: 0, disk: 0 };
  /** Reserved in shared memory and perhaps not yet taken from its free space. */
  #unwritten = 0;
  #removing = new Set<Promise<void>>();

  constructor(readonly options: ObjectStoreOptions) {}

  get usage(): StoreUsage {
    return { ...this.#used, files: this.#files.size };
  }

  /** The file of this name, sealed or still to be. */
  find(name: string): StoredFile | undefined {
    return this.#files.get(name);
  }

  /** All files that may be read, now or soon; oldest first. */
  get files(): StoredFile[] {
    return [...this.#files.values()];
  }

  /**
   * Room for a file, which `maker` creates at its path and then seals.
   * @throws {RequestFailed} with code no_space where neither memory nor disk has room for it.
   */
  async create(wanted: WantedFile, maker: object): Promise<StoredFile> {
    const room = pages(wanted.size);
    // What was freed a moment ago is room too, once the kernel has it back.
    if (!wanted.spill && !this.#fitsMemory(room)) await Promise.all(this.#removing);
    const spilled = wanted.spill === true || !this.#fitsMemory(room);
    if (spilled && !this.#fitsDisk(room)) throw this.#noSpace(wanted.size);
    const name = wanted.copy?.name ?? randomBytes(12).toString("hex");
    // A copy may be made again under its name while the former is still being removed.
    const base = wanted.copy ? `${name}.${randomBytes(4).toString("hex")}` : name;
    const { promise: whole, resolve: settle } = Promise.withResolvers<boolean>();
    const { memory, disk } = this.options;
    const entry: Entry = {
      name,
      path: join((spilled ? disk : memory!).dir, base),
      object_id: wanted.object_id ?? "",
      size: wanted.size,
      spilled,
      owner: wanted.owner,
      owner_node: wanted.owner_node,
      origin: wanted.copy?.node,
      readers: new Set(),
      whole,
      settle,
      maker,
      state: "unsealed",
    };
    this.#files.set(name, entry);
    this.#owned(entry.owner).add(entry);
    this.#used[spilled ? "disk" : "memory"] += room;
    if (!spilled) this.#unwritten += room;
    return entry;
  }

  /** The file is whole. What nobody knows any more is ignored: it was dropped meanwhile. */
  seal(name: string, maker: object): void {
    const entry = this.#made(name, maker);
    if (!entry) return;
    this.#settleSpace(entry);
    if (entry.state === "dropped" || this.gone.has(entry.owner, entry.owner_node)) {
      return this.#remove(entry);
    }
    entry.state = "sealed";
    entry.settle(true);
  }

  /** The maker gives the file up. */
  abort(name: string, maker: object): void {
    const entry = this.#made(name, maker);
    if (!entry) return;
    this.#settleSpace(entry);
    this.#remove(entry);
  }

  /** The maker is gone: what it did not seal goes. */
  makerGone(maker: object): void {
    for (const { name, maker: own } of [...this.#files.values(), ...this.#dropped]) {
      if (own === maker) this.abort(name, maker);
    }
  }

  /**
   * The file goes, now or when its maker is done with it.
   * @returns the file as it was; undefined where there is none
   */
  drop(name: string): StoredFile | undefined {
    const entry = this.#files.get(name);
    if (!entry) return undefined;
    if (entry.state === "sealed") {
      this.#remove(entry);
    } else {
      this.#forget(entry);
      this.#dropped.add(entry);
    }
    return entry;
  }

  /** True where that node may say that the file is to go: its owner is there, or its original. */
  mayDrop(name: string, by: string): boolean {
    const file = this.#files.get(name);
    return file === undefined || file.owner_node === by || file.origin === by;
  }

  /**
   * What these owned goes, also what is still being made.
   * @param by the node of those processes
   */
  ownersGone(processes: readonly string[], nodes: readonly string[], by: string): void {
    this.gone.add(processes, nodes, by);
    const gone = processes.flatMap((process) => [...this.#byOwner.get(process) ?? []])
      .filter(({ owner_node }) => owner_node === by);
    if (nodes.length > 0) {
      gone.push(...[...this.#files.values()].filter((file) => nodes.includes(file.owner_node)));
    }
    for (const { name } of gone) this.drop(name);
  }

  /** Everything goes: the node begins anew under another id. */
  clear(): void {
    for (const name of [...this.#files.keys()]) this.drop(name);
  }

  /** Settles when what was dropped is gone from its file system. */
  async removed(): Promise<void> {
    await Promise.all(this.#removing);
  }

  /** Removes all files and folders. Settles when they are gone. */
  async close(): Promise<void> {
    await this.removed();
    this.options.memory?.[Symbol.dispose]();
    this.options.disk[Symbol.dispose]();
  }

  #fitsMemory(room: number): boolean {
    const { memory, quota } = this.options;
    if (!memory || this.#used.memory + room > quota) return false;
    return memory.free() - this.#unwritten - margin(memory, MEMORY_MARGIN) >= room;
  }

  #fitsDisk(room: number): boolean {
    const { disk } = this.options;
    return disk.free() - margin(disk, DISK_MARGIN) >= room;
  }

  #settleSpace(entry: Entry): void {
    if (!entry.spilled) this.#unwritten -= pages(entry.size);
  }

  /** What this process is making under this name. */
  #made(name: string, maker: object): Entry | undefined {
    const entry = this.#files.get(name);
    if (entry?.maker === maker && entry.state === "unsealed") return entry;
    return [...this.#dropped].find((dropped) => dropped.name === name && dropped.maker === maker);
  }

  #forget(entry: Entry): void {
    if (entry.state === "dropped") return;
    entry.state = "dropped";
    entry.settle(false);
    this.#files.delete(entry.name);
    const owned = this.#byOwner.get(entry.owner);
    owned?.delete(entry);
    if (owned?.size === 0) this.#byOwner.delete(entry.owner);
  }

  #remove(entry: Entry): void {
    this.#forget(entry);
    this.#dropped.delete(entry);
    // Off this thread: the kernel needs a while for a file of many gigabytes.
    const removing = Deno.remove(entry.path).catch(() => {}).then(() => {
      this.#used[entry.spilled ? "disk" : "memory"] -= pages(entry.size);
      this.#removing.delete(removing);
    });
    this.#removing.add(removing);
  }

  #owned(owner: string): Set<Entry> {
    const present = this.#byOwner.get(owner);
    if (present) return present;
    const made = new Set<Entry>();
    this.#byOwner.set(owner, made);
    return made;
  }

  #noSpace(size: number): RequestFailed {
    const { disk, quota } = this.options;
    return new RequestFailed(
      "no_space",
      `Cannot store an object of ${text(size)}: the object store has ${
        text(this.#used.memory)
      } of ` +
        `its ${text(quota)} in use, and the disk at ${disk.dir} has ${text(disk.free())} left`,
      "Drop references that are not needed, give the store more with --object-store-memory, or " +
        "free space on that disk.",
    );
  }
}

function pages(size: number): number {
  return Math.ceil(size / PAGE) * PAGE;
}

function margin(folder: StoreFolder, { share, most }: typeof MEMORY_MARGIN): number {
  return Math.min(most, folder.size() * share);
}

/** Bytes for a sentence. */
function text(bytes: number): string {
  const gib = bytes / 2 ** 30;
  return gib >= 0.1 ? `${gib.toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
