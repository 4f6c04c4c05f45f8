/** What the executable contains, for the bill of materials. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Arch, elfImage } from "../_denort.ts";
import { sha256 } from "../_digest.ts";
import { bundledPackages } from "../_npm_licenses.ts";
import type { Package } from "./debian.ts";
import { ROOT } from "./plan.ts";

/** A component of CycloneDX 1.6, with what is used of it here. */
export interface Component {
  type: "application" | "library" | "platform" | "container" | "operating-system";
  "bom-ref": string;
  name: string;
  version?: string;
  description?: string;
  licenses?: ({ license: { id: string } | { name: string } } | { expression: string })[];
  purl?: string;
  hashes?: { alg: "SHA-256" | "SHA-512"; content: string }[];
  components?: Component[];
}

/** The terms of the Python packages that the shim brings; their wheels say it in free words. */
const PYTHON_LICENSES: Record<string, string> = {
  cloudpickle: "BSD-3-Clause",
  msgpack: "Apache-2.0",
};

/** npm packages of the bundle, Python packages of the shim, and the runtime. */
export async function executableComponents(
  arch: Arch,
  executable: Uint8Array,
): Promise<Component[]> {
  return [...await npmComponents(), ...await pythonComponents(), runtime(arch, executable)];
}

async function npmComponents(): Promise<Component[]> {
  const lock = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock"))) as {
    npm: Record<string, { integrity?: string }>;
  };
  const packages = await bundledPackages(join(ROOT, "main.ts"));
  return packages.map(({ name, version, license }) => {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    const integrity = lock.npm[`${name}@${version}`]?.integrity;
    if (!integrity?.startsWith("sha512-")) {
      throw new Error(`Cannot list ${name} ${version}: deno.lock must have its SHA-512.`);
    }
    return {
      type: "library",
      "bom-ref": purl,
      name,
      version,
      licenses: [{ license: { id: license } }],
      purl,
      hashes: [{ alg: "SHA-512", content: hexOf(integrity.slice("sha512-".length)) }],
    };
  });
}

async function pythonComponents(): Promise<Component[]> {
  const pins = await Deno.readTextFile(
    join(ROOT, "scripts", "requirements", "vendor.txt"),
  );
  const found: Component[] = [];
  for (
    const [, name, version, digest] of pins.matchAll(
      /^([a-z]\S*)==(\S+) \\\n\s+--hash=sha256:(\S+)/gm,
    )
  ) {
    const license = PYTHON_LICENSES[name!];
    if (license === undefined) throw new Error(`Cannot list ${name}: its licence must be known.`);
    const purl = `pkg:pypi/${name}@${version}`;
    found.push({
      type: "library",
      "bom-ref": purl,
      name: name!,
      version: version!,
      licenses: [{ license: { id: license } }],
      purl,
      hashes: [{ alg: "SHA-256", content: digest! }],
    });
  }
  if (found.length === 0) throw new Error("Cannot list Python packages: vendor.txt has none.");
  return found;
}

/** Deno's runtime, as it lies in the executable, and what is known of what it is made of. */
function runtime(arch: Arch, executable: Uint8Array): Component {
  const { deno, v8 } = Deno.version;
  const purl = `pkg:github/denoland/deno@v${deno}`;
  const part = (name: string, license: string, version?: string): Component => ({
    type: "library",
    "bom-ref": `${purl}#${name}`,
    name,
    ...(version === undefined ? {} : { version }),
    licenses: [license.includes(" ") ? { expression: license } : { license: { id: license } }],
  });
  return {
    type: "platform",
    "bom-ref": purl,
    name: "denort",
    version: deno,
    description:
      `The runtime of Deno for ${arch}-unknown-linux-gnu, unchanged. Its Rust crates are ` +
      "those of the file Cargo.lock of that version of Deno.",
    licenses: [{ license: { id: "MIT" } }],
    purl,
    hashes: [{ alg: "SHA-256", content: sha256(elfImage(executable)) }],
    components: [
      part("V8", "BSD-3-Clause", v8),
      part("SQLite", "blessing", sqliteVersion()),
      part("ICU", "Unicode-3.0"),
      part("zlib", "Zlib"),
      part("simdutf", "MIT"),
      part("lcms2", "MIT"),
      part("SipHash", "CC0-1.0"),
      part("AWS-LC", "ISC AND (Apache-2.0 OR ISC) AND OpenSSL"),
      part("ring", "Apache-2.0 AND ISC"),
    ],
  };
}

/** Debian's packages of an image. */
export function debianComponents(packages: readonly Package[]): Component[] {
  return packages.map(({ name, version, arch, digest, source }) => {
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${arch}`;
    return {
      type: "library",
      "bom-ref": purl,
      name,
      version,
      description:
        `Built from the Debian source package ${source}; terms in usr/share/doc/${name}/copyright.`,
      purl,
      hashes: [{ alg: "SHA-256", content: digest }],
    };
  });
}

function sqliteVersion(): string {
  const database = new DatabaseSync(":memory:");
  try {
    const row = database.prepare("select sqlite_version() as version").get() as { version: string };
    return row.version;
  } finally {
    database.close();
  }
}

function hexOf(base64: string): string {
  return Uint8Array.fromBase64(base64).toHex();
}
