/** The npm packages that a program contains, with their licences. */
import { dirname, join } from "node:path";
import type { Asset } from "../lib/runtime/assets.ts";

/** What `deno info --json` says of a program. `npmPackages` has all of the lock file, tools too. */
interface ModuleGraph {
  modules: { npmPackage?: string }[];
  npmPackages?: Record<string, NpmPackage>;
}

interface NpmPackage {
  name: string;
  version: string;
  dependencies: string[];
}

/** A package that is bundled with a program. */
export interface BundledPackage {
  name: string;
  version: string;
  /** What its maker calls the terms, `MIT` or such. */
  license: string;
  /** The text of the terms. */
  text: Uint8Array;
}

/**
 * The packages that are bundled with `entry`, by name and version.
 *
 * @throws {Error} where a package brings no licence text: then it must not be shipped unseen
 */
export async function bundledPackages(entry: string): Promise<BundledPackage[]> {
  const graph = await info<ModuleGraph>([entry], dirname(entry));
  const { npmCache } = await info<{ npmCache: string }>([], dirname(entry));
  const found: BundledPackage[] = [];
  for (const { name, version } of contained(graph)) {
    const place = join(name, version);
    const text = await readIn(npmCache, place, LICENSE_NAMES);
    const manifest = await readIn(npmCache, place, ["package.json"]);
    if (text === undefined || manifest === undefined) {
      throw new Error(`Cannot ship npm package ${name} ${version}: it must have a licence file.`);
    }
    const { license } = JSON.parse(new TextDecoder().decode(manifest)) as { license: string };
    found.push({ name, version, license, text });
  }
  return found.sort((a, b) => `${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1);
}

/** One text for each package that is bundled with `entry`: `npm-@msgpack-msgpack.txt`. */
export async function npmLicenses(entry: string): Promise<Asset[]> {
  const found = new Map<string, Asset>();
  for (const { name, text: bytes } of await bundledPackages(entry)) {
    const path = `npm-${name.replace("/", "-")}.txt`;
    // Of two versions one text is enough: what they say is the package's.
    found.set(path, { path, bytes, mode: 0o644 });
  }
  return [...found.values()];
}

/** The packages that the program's modules import, and theirs. */
function contained({ modules, npmPackages = {} }: ModuleGraph): NpmPackage[] {
  const found = new Map<string, NpmPackage>();
  const visit = (key: string) => {
    const npmPackage = npmPackages[key];
    if (npmPackage === undefined || found.has(key)) return;
    found.set(key, npmPackage);
    npmPackage.dependencies.forEach(visit);
  };
  for (const { npmPackage } of modules) {
    if (npmPackage !== undefined) visit(npmPackage);
  }
  return [...found.values()];
}

const LICENSE_NAMES = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "LICENCE"];

/** The first of `names` that is there; the cache has one folder for each registry. */
async function readIn(
  npmCache: string,
  place: string,
  names: readonly string[],
): Promise<Uint8Array | undefined> {
  for await (const registry of Deno.readDir(npmCache)) {
    const folder = join(npmCache, registry.name, place);
    for (const name of names) {
      try {
        return await Deno.readFile(join(folder, name));
      } catch (error) {
        if (
          !(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)
        ) {
          throw error;
        }
      }
    }
  }
  return undefined;
}

/** Run where the configuration is found. */
async function info<T>(args: string[], cwd: string): Promise<T> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...args],
    cwd,
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error('Cannot list the packages in the binary: "deno info" failed.');
  return JSON.parse(new TextDecoder().decode(stdout)) as T;
}
