/**
 * The files beam carries for others: the Python package and the licence texts.
 *
 * A checkout has them in their places (`shim_py/`, `BEAM_VENDOR`, `LICENSE`, `scripts/licenses/`);
 * a compiled binary has them beside its one script, where `scripts/build` put what this module
 * returned in the checkout. So both give the same paths and bytes.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** One file to be written out. */
export interface Asset {
  /** Relative, with `/`: `ray/__init__.py`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Permission bits. Neither a checkout's umask nor the binary, where they are 0, decides them. */
  readonly mode: number;
}

/** Where a checkout has what a binary carries. */
export interface AssetSources {
  /** The folder with `ray/` and its `ray-*.dist-info/`. */
  shim: string;
  /** The folder that becomes `ray/_vendor/`; absent when the interpreters bring the packages. */
  vendor?: string;
  /** beam's own licence. */
  license: string;
  /** Texts of what only a binary contains. */
  licenses: string;
}

/** What Python leaves behind beside its sources, and tests, which users do not need. */
const LEFT_OUT = /^(__pycache__|tests?|\..*|.*\.pyc)$/;

/** The Python package with its distribution record: what belongs in a `PYTHONPATH` folder. */
export async function shimFiles(
  sources: AssetSources | undefined = checkoutSources(),
): Promise<Asset[]> {
  if (sources === undefined) return await filesUnder(join(embeddedRoot(), "shim"));
  // Settings of tools may lie beside the package and its record.
  const shim = (await filesUnder(sources.shim)).filter(({ path }) => /^ray[-/]/.test(path));
  if (sources.vendor === undefined) return shim;
  // Their licences go along with licenseFiles too; beside the copies they must stay in any case.
  const vendor = await filesUnder(sources.vendor, "ray/_vendor/");
  const taken = new Set(shim.map((file) => file.path));
  return inOrder([...shim, ...vendor.filter((file) => !taken.has(file.path))]);
}

/** The licence texts of beam and of what it contains, one `.txt` for each, named after it. */
export async function licenseFiles(
  sources: AssetSources | undefined = checkoutSources(),
): Promise<Asset[]> {
  if (sources === undefined) return await filesUnder(join(embeddedRoot(), "licenses"));
  const files = await filesUnder(sources.licenses);
  if (sources.vendor !== undefined) {
    files.push(...await filesUnder(join(sources.vendor, "LICENSES")));
  }
  files.push(asset("beam.txt", await Deno.readFile(sources.license)));
  return inOrder(files);
}

/** Sixteen hex digits that identify a set of files: a change of a path or a byte changes it. */
export function digestOf(files: readonly Asset[]): string {
  const hash = createHash("sha256");
  for (const { path, bytes } of inOrder([...files])) {
    hash.update(`${path}\0${bytes.length}\0`);
    hash.update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

/** The digest of the Python package: the name of its folder under `shim/`. */
export async function shimDigest(): Promise<string> {
  return digestOf(await shimFiles());
}

/** A small text that `scripts/build` embedded by this name; undefined in a checkout. */
export function embeddedText(name: string): string | undefined {
  return Deno.build.standalone ? Deno.readTextFileSync(join(embeddedRoot(), name)) : undefined;
}

/** What `scripts/build` embedded in a folder of this name. */
export function embeddedFiles(folder: string): Promise<Asset[]> {
  return filesUnder(join(embeddedRoot(), folder));
}

/** The folder of the binary's one script, into which this module was bundled. */
function embeddedRoot(): string {
  return import.meta.dirname!;
}

function checkoutSources(): AssetSources | undefined {
  if (Deno.build.standalone) return undefined;
  const root = join(import.meta.dirname!, "..", "..");
  const vendor = Deno.env.get("BEAM_VENDOR");
  return {
    shim: join(root, "shim_py"),
    license: join(root, "LICENSE"),
    licenses: join(root, "scripts", "licenses"),
    ...(vendor ? { vendor } : {}),
  };
}

async function filesUnder(folder: string, prefix = ""): Promise<Asset[]> {
  const found: Asset[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (LEFT_OUT.test(entry.name)) continue;
    const place = join(folder, entry.name);
    if (entry.isDirectory) found.push(...await filesUnder(place, `${prefix}${entry.name}/`));
    else if (entry.isFile) found.push(asset(prefix + entry.name, await Deno.readFile(place)));
  }
  return inOrder(found);
}

function asset(path: string, bytes: Uint8Array): Asset {
  const isScript = bytes[0] === 0x23 && bytes[1] === 0x21; // #!
  return { path, bytes, mode: isScript ? 0o755 : 0o644 };
}

/** By code units, not by a locale: the digest must not depend on the machine. */
function inOrder(files: Asset[]): Asset[] {
  return files.sort((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
}
