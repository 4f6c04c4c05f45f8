/**
 * Where `denort` comes from: the runtime that `deno compile` appends a program to.
 *
 * Deno's own host is asked by `deno compile` itself. Where it is out of reach, a published wheel
 * holds an executable that the same `deno compile` made; its ELF image, without what was appended,
 * is denort, byte for byte. It is checked against known digests: for x86_64 the executables of three
 * publishers agree on it, for aarch64 there was one publisher to look at.
 */
import { join } from "node:path";
import { sha256 } from "./_digest.ts";

export const ARCHES = ["x86_64", "aarch64"] as const;
export type Arch = (typeof ARCHES)[number];

/** The Deno whose denort the digests below identify. */
const DIGESTS_OF = "2.6.10";
const DIGESTS: Record<Arch, string> = {
  x86_64: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  aarch64: "ee39b54b2f465eae3f1dd3d79495e1ef957fae69ff4f6ad118499986b714d494",
};

/** `e_machine` of an ELF file. */
const MACHINES: Record<number, Arch> = { 0x3e: "x86_64", 0xb7: "aarch64" };

/** How long Deno's host may take to answer before it counts as out of reach, in milliseconds. */
const HOST_TIMEOUT = 5000;

/** Folders that the search needs. */
export interface DenortPlaces {
  /** The checkout's `scripts/`. */
  scripts: string;
  /** Kept between builds. */
  cache: string;
}

/**
 * A file to give as DENORT_BIN, or undefined where `deno compile` will download one itself.
 *
 * @throws {Error} where neither Deno's host nor the package registry has one
 */
export async function findDenort(arch: Arch, places: DenortPlaces): Promise<string | undefined> {
  const cached = join(places.cache, `denort-${Deno.version.deno}-${arch}`);
  if (await isGenuine(cached, arch)) return cached;
  if (await hostAnswers(arch)) return undefined;
  if (Deno.version.deno !== DIGESTS_OF) {
    throw new Error(
      `Cannot get denort: Deno's host does not answer, and the package registry's copy is known ` +
        `for Deno ${DIGESTS_OF} only, this is ${Deno.version.deno}. Name a local copy with --denort.`,
    );
  }
  console.error(`build: Deno's host does not answer; taking denort for ${arch} from a wheel`);
  const denort = await fromWheel(arch, places);
  const part = await Deno.makeTempFile({ dir: places.cache });
  await Deno.writeFile(part, denort);
  await Deno.chmod(part, 0o755);
  await Deno.rename(part, cached);
  return cached;
}

/** The architecture that an executable runs on; undefined when it is no ELF file or another one. */
export function archOf(elf: Uint8Array): Arch | undefined {
  return isElf64(elf) ? MACHINES[viewOf(elf).getUint16(0x12, true)] : undefined;
}

/**
 * The ELF image in front of whatever was appended to it.
 *
 * @throws {Error} where the bytes do not begin with a whole little-endian ELF64 image
 */
export function elfImage(bytes: Uint8Array): Uint8Array {
  // The section header table is the last thing the linker writes.
  const length = isElf64(bytes)
    ? Number(viewOf(bytes).getBigUint64(0x28, true)) +
      viewOf(bytes).getUint16(0x3a, true) * viewOf(bytes).getUint16(0x3c, true)
    : 0;
  if (length === 0 || length > bytes.length) {
    throw new Error(
      "Cannot cut denort: the file must begin with a whole little-endian ELF64 image.",
    );
  }
  return bytes.subarray(0, length);
}

function isElf64(bytes: Uint8Array): boolean {
  return bytes.length >= 0x40 && viewOf(bytes).getUint32(0) === 0x7f454c46 &&
    bytes[4] === 2 && bytes[5] === 1;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function isGenuine(file: string, arch: Arch): Promise<boolean> {
  try {
    return sha256(await Deno.readFile(file)) === DIGESTS[arch];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function hostAnswers(arch: Arch): Promise<boolean> {
  const url = `https://dl.deno.land/release/v${Deno.version.deno}/` +
    `denort-${arch}-unknown-linux-gnu.zip`;
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(HOST_TIMEOUT) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

async function fromWheel(arch: Arch, places: DenortPlaces): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ dir: places.cache, prefix: ".part-" });
  try {
    const target = join(folder, "wheel");
    const { success } = await new Deno.Command(join(places.scripts, "_install"), {
      args: [target, arch, join(places.scripts, "requirements", "denort.txt")],
      stdin: "null",
    }).output();
    if (!success) {
      throw new Error(
        "Cannot get denort: neither Deno's host nor the package registry has it. " +
          "Name a local copy with --denort.",
      );
    }
    const denort = elfImage(await Deno.readFile(join(target, "bin", "bids-validator-deno")));
    const digest = sha256(denort);
    if (digest !== DIGESTS[arch]) {
      throw new Error(
        `Cannot use the wheel's denort for ${arch}: its digest must be ${DIGESTS[arch]}, ` +
          `and it is ${digest}.`,
      );
    }
    return denort;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
