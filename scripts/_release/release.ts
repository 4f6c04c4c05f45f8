/** Makes the files of a release into a folder laid out as a mirror. */
import { join } from "node:path";
import { VERSION } from "../../lib/runtime/version.ts";
import { type Arch, archOf } from "../_denort.ts";
import { sha256 } from "../_digest.ts";
import { gzip, tar } from "./archive.ts";
import { billOfMaterials } from "./bom.ts";
import { interrupted, output } from "./commands.ts";
import { debianComponents, executableComponents } from "./components.ts";
import { pinnedPackages } from "./debian.ts";
import { imageLayout, type ImagePart, imagePart } from "./image.ts";
import { mountTree, tarballTree } from "./layouts.ts";
import { type Kind, NAMES, OTHER_NAMES } from "./names.ts";
import { distributionPackage } from "./packages.ts";
import { type Contents, type Executable, gather, ROOT } from "./plan.ts";
import { platformOf, wheel } from "./wheel.ts";

/** A file that was made. */
export interface Made {
  name: string;
  kind: Kind;
  /** In bytes. */
  size: number;
  digest: string;
}

/** What is to be made. */
export interface ReleaseOptions {
  arches: readonly Arch[];
  kinds: ReadonlySet<Kind>;
  /** Where the executables are; without it they are built. */
  executables: string | undefined;
  /** The base folder. */
  out: string;
  /** Where `install.sh` looks for releases unless told otherwise; empty for nowhere. */
  baseUrl: string;
}

/** Make it all. @returns the files, in the order of their names. */
export async function makeRelease(options: ReleaseOptions): Promise<Made[]> {
  const { arches, kinds, out } = options;
  const part = await Deno.makeTempDir({ dir: out, prefix: ".release-" });
  try {
    const maker = new Maker(await gather(), kinds, part);
    const images: ImagePart[] = [];
    for (const arch of arches) {
      const bytes = await executableFor(arch, options.executables, part);
      const image = await maker.makeFor({ arch, bytes });
      if (image !== undefined) images.push(image);
    }
    await maker.finish(images, options.baseUrl);
    await publish(part, out);
    return maker.made;
  } finally {
    await Deno.remove(part, { recursive: true });
  }
}

/** Makes files of one release into one folder. */
class Maker {
  readonly made: Made[] = [];
  readonly #contents: Contents;
  readonly #kinds: ReadonlySet<Kind>;
  readonly #folder: string;
  readonly #cache = Deno.env.get("BEAM_CACHE")!;

  constructor(contents: Contents, kinds: ReadonlySet<Kind>, folder: string) {
    this.#contents = contents;
    this.#kinds = kinds;
    this.#folder = folder;
  }

  /** All files of one architecture. @returns its image, which the other's joins. */
  async makeFor(executable: Executable): Promise<ImagePart | undefined> {
    const { arch, bytes } = executable;
    const contents = this.#contents;
    const packed = async (tree: Parameters<typeof tar>[0]) => gzip(await tar(tree, contents.time));
    await this.#make("executable", NAMES.executable(arch), () => bytes);
    await this.#make(
      "tarball",
      NAMES.tarball(arch),
      () => packed(tarballTree(contents, executable, arch)),
    );
    await this.#make("mount", NAMES.mount(arch), () => packed(mountTree(contents, executable)));
    await this.#make(
      "wheel",
      NAMES.wheel(platformOf(executable)),
      () => wheel(contents, executable),
    );
    for (const kind of ["deb", "rpm"] as const) {
      await this.#make(kind, NAMES[kind](arch), async () => {
        const tools = (await output(join(import.meta.dirname!, "go_tools"), [])).trim();
        return await distributionPackage(kind, contents, executable, join(tools, "nfpm"));
      });
    }
    await this.#make("bom", NAMES.bom(arch), async () => {
      const purl = `pkg:generic/beam@${VERSION}?arch=${arch}`;
      const subject = { type: "application" as const, purl, digest: sha256(bytes) };
      const components = await executableComponents(arch, bytes);
      return text(billOfMaterials(subject, components, contents.time));
    });
    return this.#kinds.has("image") ? await this.#makeImage(executable) : undefined;
  }

  /** What is the same for all architectures, and the digests of everything. */
  async finish(images: readonly ImagePart[], baseUrl: string): Promise<void> {
    await this.#make("installer", NAMES.installer(), () => installer(baseUrl));
    if (images.length > 0) {
      await this.#make("image", NAMES.image(), () => imageLayout(images, this.#contents.time));
    }
    this.made.sort((a, b) => a.name < b.name ? -1 : 1);
    const version = text(`${VERSION}\n`);
    await Deno.writeFile(join(this.#folder, "VERSION"), version);
    const sums = [{ name: "VERSION", digest: sha256(version) }, ...this.made];
    const lines = sums.map(({ name, digest }) => `${digest}  ${name}\n`);
    await Deno.writeTextFile(join(this.#folder, "SHA256SUMS"), lines.join(""));
  }

  async #makeImage(executable: Executable): Promise<ImagePart> {
    const { arch, bytes } = executable;
    const packages = await pinnedPackages(OTHER_NAMES[arch], this.#cache);
    const image = await imagePart(this.#contents, executable, packages);
    await this.#make("bom", NAMES.imageBom(arch), async () => {
      const purl = `pkg:oci/beam@${encodeURIComponent(image.manifest.digest)}?arch=${arch}`;
      const digest = image.manifest.digest.replace("sha256:", "");
      const components = [
        ...await executableComponents(arch, bytes),
        ...debianComponents(packages),
      ];
      const subject = { type: "container" as const, purl, digest };
      return text(billOfMaterials(subject, components, this.#contents.time));
    });
    return image;
  }

  async #make(
    kind: Kind,
    name: string,
    content: () => Uint8Array | Promise<Uint8Array>,
  ): Promise<void> {
    if (!this.#kinds.has(kind)) return;
    const bytes = await content();
    interrupted.signal.throwIfAborted();
    const mode = kind === "executable" || kind === "installer" ? 0o755 : 0o644;
    const path = join(this.#folder, name);
    await Deno.writeFile(path, bytes, { mode });
    await Deno.utime(path, this.#contents.time, this.#contents.time);
    this.made.push({ name, kind, size: bytes.length, digest: sha256(bytes) });
  }
}

async function executableFor(
  arch: Arch,
  folder: string | undefined,
  part: string,
): Promise<Uint8Array> {
  const name = `beam-${VERSION}-linux-${arch}`;
  if (folder !== undefined) {
    const bytes = await Deno.readFile(join(folder, name));
    if (archOf(bytes) === arch) return bytes;
    throw new Error(`Cannot release ${join(folder, name)}: it must be an executable for ${arch}.`);
  }
  const work = await Deno.makeTempDir({ dir: part, prefix: "build-" });
  try {
    await output(join(ROOT, "scripts", "build"), ["--arch", arch, "--out", work]);
    return await Deno.readFile(join(work, name));
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Put the finished folder in its place, and only then let `latest` name it. */
async function publish(part: string, out: string): Promise<void> {
  const place = join(out, `v${VERSION}`);
  await Deno.mkdir(join(out, "latest"), { recursive: true });
  const former = await Deno.makeTempDir({ dir: out, prefix: ".former-" });
  try {
    await Deno.rename(place, join(former, "v")).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    await Deno.mkdir(place);
    for await (const { name } of Deno.readDir(part)) {
      await Deno.rename(join(part, name), join(place, name));
    }
    await copyWhole(join(place, NAMES.installer()), join(out, NAMES.installer()));
    await copyWhole(join(place, "VERSION"), join(out, "latest", "VERSION"));
  } finally {
    await Deno.remove(former, { recursive: true });
  }
}

/** Nobody who fetches it meanwhile gets a part of it. A file that was not made is not copied. */
async function copyWhole(from: string, to: string): Promise<void> {
  try {
    await Deno.copyFile(from, `${to}.part`);
    await Deno.rename(`${to}.part`, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** `scripts/install.sh`, with the address that it fetches from. */
async function installer(baseUrl: string): Promise<Uint8Array> {
  const script = await Deno.readTextFile(join(ROOT, "scripts", "install.sh"));
  const line = "release_base=''";
  if (script.split(line).length !== 2) {
    throw new Error(`Cannot set the address in install.sh: it must have one line ${line}.`);
  }
  return text(script.replace(line, () => `release_base='${baseUrl}'`));
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}
