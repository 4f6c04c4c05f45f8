/**
 * Debian's packages for the image, pinned by digest in `debian_packages.txt`: one line each, with
 * name, version, architecture and SHA-256. They come by this machine's apt, else from the cache.
 */
import { unpackTar } from "modern-tar";
import { join } from "node:path";
import { sha256 } from "../_digest.ts";
import { output, outputBytes } from "./commands.ts";
import { type Entry, file, link } from "./tree.ts";

const LOCK = join(import.meta.dirname!, "debian_packages.txt");

/** What the executable needs of a distribution, and a shell with `cp` and `wget`. */
const WANTED = ["busybox-static", "gcc-12-base", "libc6", "libgcc-s1"];
const DEBIAN_ARCHES = ["amd64", "arm64"] as const;

/** A package that is pinned, or was fetched. */
export interface Package {
  name: string;
  version: string;
  arch: string;
  /** SHA-256 of its file. */
  digest: string;
  /** The source package that it was built from, with its version. */
  source: string;
  /** Where its file is here. */
  file: string;
  /** What dpkg would note of it. */
  control: string;
}

/**
 * The pinned packages of an architecture, fetched into the folder `cache` where they are not there.
 *
 * @throws {Error} where Debian has others by now
 */
export async function pinnedPackages(arch: string, cache: string): Promise<Package[]> {
  const pins = (await Deno.readTextFile(LOCK)).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" "))
    .filter((words) => words[2] === arch);
  const folder = join(cache, "debs");
  const missing = pins.filter(([, , , digest]) => !isFile(join(folder, `${digest}.deb`)));
  if (missing.length > 0) {
    const names = missing.map(([name, version]) => `${name}:${arch}=${version}`);
    try {
      await fetchInto(folder, names);
    } catch (cause) {
      throw new Error(
        `Cannot get ${names.join(" ")}. Where Debian has newer ones, run ` +
          `scripts/release --renew-debian, look at what changed, and commit it.`,
        { cause },
      );
    }
  }
  return await Promise.all(pins.map(async ([name, , , digest]) => {
    const path = join(folder, `${digest}.deb`);
    if (!isFile(path)) {
      throw new Error(
        `Cannot use ${name} for ${arch}: its digest must be ${digest}, and it is not.`,
      );
    }
    return await described(path);
  }));
}

/** Pin what Debian has now. @returns the lines of the file. */
export async function renewPins(cache: string): Promise<string> {
  const folder = join(cache, "debs");
  const names = DEBIAN_ARCHES.flatMap((arch) => WANTED.map((name) => `${name}:${arch}`));
  const packages = await Promise.all((await fetchInto(folder, names)).map(described));
  const lines = packages.map(({ name, version, arch, digest }) =>
    `${name} ${version} ${arch} ${digest}\n`
  );
  const text = "# Written by scripts/release --renew-debian.\n" + lines.sort().join("");
  await Deno.writeTextFile(LOCK, text);
  return text;
}

/**
 * The files of packages that a program needs at run time, and the terms of all.
 * `/bin`, `/lib` and `/lib64` are links into `/usr`, as in every Debian of today.
 */
export async function rootFiles(packages: readonly Package[]): Promise<Entry[]> {
  const entries: Entry[] = ["bin", "sbin", "lib", "lib64"].map((name) => link(name, `usr/${name}`));
  for (const { name, file: path, control } of packages) {
    const archive = await outputBytes("dpkg-deb", ["--fsys-tarfile", path]);
    for (const { header, data } of await unpackTar(archive)) {
      const place = header.name.replace(/^\.\//, "").replace(/^(bin|sbin|lib|lib64)\//, "usr/$&");
      if (!isNeeded(place)) continue;
      if (header.type === "symlink") entries.push(link(place, header.linkname!));
      else if (header.type === "file") entries.push(file(place, data!, header.mode));
    }
    // Where scanners look for the packages of an image that has no package manager.
    entries.push(file(`var/lib/dpkg/status.d/${name}`, control));
  }
  return entries;
}

function isNeeded(path: string): boolean {
  return /^usr\/(bin\/busybox|lib(64)?\/([^/]+\/)?[^/]+\.so(\.\d+)*)$/.test(path) ||
    /^usr\/share\/doc\/[^/]+(\/copyright)?$/.test(path);
}

/** Fetch into `folder`, under the names of their digests. @returns their paths. */
async function fetchInto(folder: string, names: readonly string[]): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const part = await Deno.makeTempDir({ dir: folder, prefix: ".part-" });
  try {
    await output(join(import.meta.dirname!, "fetch_debs"), [part, ...names]);
    const found: string[] = [];
    for await (const { name } of Deno.readDir(part)) {
      const digest = sha256(await Deno.readFile(join(part, name)));
      const path = join(folder, `${digest}.deb`);
      await Deno.rename(join(part, name), path);
      found.push(path);
    }
    return found;
  } finally {
    await Deno.remove(part, { recursive: true });
  }
}

async function described(path: string): Promise<Package> {
  const control = await output("dpkg-deb", ["--field", path]);
  const field = (name: string) => control.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
  const [name, version, arch] = [field("Package")!, field("Version")!, field("Architecture")!];
  const [, source, sourceVersion = version] = field("Source")?.match(/^(\S+)(?: \((.*)\))?$/) ??
    [undefined, name];
  return {
    name,
    version,
    arch,
    digest: sha256(await Deno.readFile(path)),
    source: `${source} ${sourceVersion}`,
    file: path,
    control,
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
