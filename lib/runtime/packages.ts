/**
 * The packages of runtime environments on this machine: zips, wheels and tarballs that drivers and
 * `ray job submit` brought here. A package's name holds the digest of what is in it, so that it is
 * brought once and never changes. The folder is the truth: the daemon and the head of one machine
 * may both open a store over it.
 */
import { join } from "node:path";
import { Trouble } from "./errors.ts";
import { removeQuietly } from "./whole_file.ts";

/** How large one package may be, in bytes: Ray's bound. `RAY_max_grpc_message_size` changes both. */
export const PACKAGE_LIMIT = 512 * 2 ** 20;
/** How many bytes of packages that nobody holds may stay. */
export const STORE_LIMIT = 10 * 2 ** 30;
/** A package that was brought or asked for within this time is about to be used, in milliseconds. */
export const PACKAGE_GRACE = 10 * 60_000;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+!-]*\.(zip|whl|jar|tar\.gz|tgz|tar\.bz2|tar\.xz)$/;
const PREFIX = "gcs://";
const PART = ".part-";

/** Bounds of a {@link PackageStore}, in bytes; the clock in milliseconds. */
export interface PackageLimits {
  one?: number;
  all?: number;
  now?: () => number;
}

/** Where a machine's daemon keeps what environments are made of, in the runtime directory `dir`. */
export function environmentsDir(dir: string, host = Deno.hostname()): string {
  return join(dir, "environments", host.replaceAll(/[^\w.-]/g, "_") || "localhost");
}

/** Where that daemon's packages lie. */
export function packagesDir(dir: string, host = Deno.hostname()): string {
  return join(environmentsDir(dir, host), "packages");
}

/** The bound for one package that the environment asks for, in bytes. */
export function packageLimit(env: (name: string) => string | undefined): number {
  const given = Number(env("RAY_max_grpc_message_size"));
  return Number.isSafeInteger(given) && given > 0 ? given : PACKAGE_LIMIT;
}

/** The package that a URI names (`gcs://_ray_pkg_0a1b.zip`), or undefined where it names none. */
export function packageOf(uri: string): string | undefined {
  if (!uri.startsWith(PREFIX)) return undefined;
  const name = uri.slice(PREFIX.length);
  return isPackageName(name) ? name : undefined;
}

/** Whether a package may have this name: one file name, with an extension that can be unpacked. */
export function isPackageName(name: string): boolean {
  return name.length <= 255 && NAME.test(name);
}

/** See the top of this file. */
export class PackageStore {
  readonly #pins = new Map<string, Set<string>>();
  readonly #now: () => number;

  /** @param dir made where it is not there. */
  constructor(readonly dir: string, readonly limits: PackageLimits = {}) {
    this.#now = limits.now ?? Date.now;
    Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  /** Whether the package is here; who asks is taken to need it soon. */
  has(name: string): boolean {
    if (!isPackageName(name)) return false;
    try {
      const now = this.#now() / 1000;
      Deno.utimeSync(this.path(name), now, now);
      return true;
    } catch {
      return false;
    }
  }

  /** Its file, whether it is there or not. */
  path(name: string): string {
    return join(this.dir, name);
  }

  /**
   * Begins to take a package of `size` bytes.
   * @throws {Trouble} code `bad_name` or `too_large`.
   */
  begin(name: string, size: number): PackageUpload {
    if (!isPackageName(name)) {
      throw new Trouble(
        `Cannot take a package under the name ${JSON.stringify(name)}: it must be a file name ` +
          "that ends in .zip, .whl, .tar.gz, .tgz or .tar.xz",
        "Use the name that ray._private.runtime_env.packaging gives it.",
        { code: "bad_name" },
      );
    }
    const most = this.limits.one ?? PACKAGE_LIMIT;
    if (!(size >= 0 && size <= most)) throw tooLarge(name, size, most);
    return new PackageUpload(this, name, size);
  }

  /**
   * Takes a package whole, from a request's body or a file.
   * @throws {Trouble} code `bad_name`, `too_large` or `short`.
   */
  async put(name: string, stream: ReadableStream<Uint8Array>): Promise<void> {
    const most = this.limits.one ?? PACKAGE_LIMIT;
    const upload = this.begin(name, 0);
    try {
      for await (const chunk of stream) {
        upload.size += chunk.length;
        if (upload.size > most) throw tooLarge(name, upload.size, most);
        upload.write(chunk);
      }
      upload.finish();
    } catch (error) {
      upload.abort();
      throw error;
    }
  }

  /** Takes a package that `fill` writes to the path it is given, where no file is yet. */
  async bring(name: string, fill: (path: string) => Promise<void>): Promise<void> {
    const temporary = this.temporary();
    try {
      await fill(temporary);
      Deno.renameSync(temporary, this.path(name));
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
    this.trim();
  }

  /** Keeps a package while this holder (a job) lives. */
  pin(name: string, holder: string): void {
    const holders = this.#pins.get(name) ?? new Set();
    this.#pins.set(name, holders.add(holder));
  }

  /** The holder is gone: what only it needed may go when there is no room. */
  unpin(holder: string): void {
    for (const [name, holders] of this.#pins) {
      if (holders.delete(holder) && holders.size === 0) this.#pins.delete(name);
    }
    this.trim();
  }

  /** Removes what was asked for longest ago, until what nobody holds is within the bound. */
  trim(): void {
    const free = this.#unpinned();
    let total = free.reduce((sum, each) => sum + each.size, 0);
    const old = this.#now() - PACKAGE_GRACE;
    for (const { name, size, used } of free.sort((a, b) => a.used - b.used)) {
      if (total <= (this.limits.all ?? STORE_LIMIT) || used > old) return;
      removeQuietly(this.path(name));
      total -= size;
    }
  }

  /** Where a package may grow; in a folder that is there, whoever removed it. */
  temporary(): string {
    Deno.mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    return join(this.dir, `${PART}${crypto.randomUUID()}`);
  }

  #unpinned(): { name: string; size: number; used: number }[] {
    const found = [];
    for (const name of this.#names()) {
      if (name.startsWith(PART) || this.#pins.has(name)) continue;
      try {
        const { size, mtime } = Deno.statSync(this.path(name));
        found.push({ name, size, used: mtime?.getTime() ?? 0 });
      } catch { /* another process removed it */ }
    }
    return found;
  }

  #names(): string[] {
    try {
      return [...Deno.readDirSync(this.dir)].map(({ name }) => name);
    } catch {
      return []; // the folder was removed under us, or no more files can be opened
    }
  }
}

/** A package on its way: nobody sees it before it is whole. */
export class PackageUpload {
  readonly #temporary: string;
  #file: Deno.FsFile | undefined;
  #written = 0;

  /** @param size its bytes; may still grow while they are not known. */
  constructor(readonly store: PackageStore, readonly name: string, public size: number) {
    this.#temporary = store.temporary();
    this.#file = Deno.openSync(this.#temporary, { write: true, createNew: true, mode: 0o600 });
  }

  /** How many bytes are there. */
  get written(): number {
    return this.#written;
  }

  /** Takes the next bytes. @throws {Trouble} code `too_large` where they are more than announced. */
  write(chunk: Uint8Array): void {
    if (this.#written + chunk.length > this.size) {
      throw tooLarge(this.name, this.#written + chunk.length, this.size);
    }
    for (let at = 0; at < chunk.length;) at += this.#file!.writeSync(chunk.subarray(at));
    this.#written += chunk.length;
  }

  /** Makes it a package of the store. @throws {Trouble} code `short` where bytes are missing. */
  finish(): void {
    if (this.#written !== this.size) {
      throw new Trouble(
        `Cannot keep the package ${this.name}: ${this.#written} of ${this.size} bytes arrived`,
        "Send it again.",
        { code: "short" },
      );
    }
    this.#close();
    Deno.renameSync(this.#temporary, this.store.path(this.name));
    this.store.trim();
  }

  /** Gives it up; does nothing where it is whole. */
  abort(): void {
    this.#close();
    removeQuietly(this.#temporary);
  }

  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function tooLarge(name: string, size: number, most: number): Trouble {
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  return new Trouble(
    `Cannot take the package ${name}: it has ${mib(size)}, and ${mib(most)} is the most`,
    "Leave files out with .gitignore, .rayignore or runtime_env's excludes, or raise " +
      "RAY_max_grpc_message_size for the node and the driver.",
    { code: "too_large" },
  );
}
