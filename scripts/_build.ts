/**
 * `scripts/build`: one executable per architecture, the same bytes from the same sources.
 *
 * The program is bundled to one script first: compiled as modules, every package of the lock file
 * would go into the binary, test tools included, and starting would take a third longer.
 */
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pageAssets } from "../lib/dashboard/page_files.ts";
import { type Asset, digestOf, licenseFiles, shimFiles } from "../lib/runtime/assets.ts";
import { VERSION } from "../lib/runtime/version.ts";
import { type Arch, ARCHES, archOf, findDenort } from "./_denort.ts";
import { sha256 } from "./_digest.ts";
import { npmLicenses } from "./_npm_licenses.ts";

const HELP = `Make dist/beam-<version>-linux-<arch>, for both architectures by default.

  scripts/build [--arch x86_64|aarch64] [--denort FILE] [--out DIR] [--check]

  --arch ARCH     only this one; may be given twice
  --denort FILE   the runtime to append to, for networks without Deno's download host and
                  without a package registry; also as DENORT_BIN. Needs one --arch
  --out DIR       where to put the executables (dist)
  --check         build everything twice and compare
`;

const ROOT = join(import.meta.dirname!, "..");

/** How the program is bundled. Packages that have modules for bundlers (tslib) break without them. */
const BUNDLE = ["bundle", "-q", "--minify", "--frozen", "--conditions", "module"];

/** What a build is told. */
interface BuildOptions {
  arches: readonly Arch[];
  denort: string | undefined;
  out: string;
  check: boolean;
}

class UsageError extends Error {}

/** Ends what runs, so that the unfinished folder goes too. */
const interrupted = new AbortController();
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interrupted.abort(new Error(`Stopped by ${signal}.`)));
}

function optionsFrom(args: string[]): BuildOptions | "help" {
  const { values } = parseArgs({
    args,
    options: {
      arch: { type: "string", multiple: true, default: [] },
      denort: { type: "string" },
      out: { type: "string", default: join(ROOT, "dist") },
      check: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const arches = ARCHES.filter((arch) => values.arch.includes(arch));
  if (arches.length < new Set(values.arch).size) {
    throw new UsageError(`--arch must be ${ARCHES.join(" or ")}, not "${values.arch.join(" ")}".`);
  }
  const given = values.denort ?? (Deno.env.get("DENORT_BIN") || undefined);
  const denort = given === undefined ? undefined : resolve(given);
  if (denort !== undefined && arches.length !== 1) {
    throw new UsageError(
      "One denort fits one architecture: --denort and DENORT_BIN need one --arch.",
    );
  }
  if (denort !== undefined && !exists(denort)) {
    throw new UsageError(`Cannot read denort: there must be a file, and ${denort} is none.`);
  }
  return {
    arches: arches.length > 0 ? arches : ARCHES,
    denort,
    out: resolve(values.out),
    check: values.check,
  };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Run this Deno; its output is shown when it fails. */
async function deno(args: string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal: interrupted.signal,
  }).output();
  interrupted.signal.throwIfAborted();
  if (success) return;
  await Deno.stderr.write(stderr);
  throw new Error(`Cannot build: "deno ${args[0]}" failed, as said above.`);
}

async function writeAssets(folder: string, files: readonly Asset[]): Promise<void> {
  for (const { path, bytes } of files) {
    const place = join(folder, path);
    await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.writeFile(place, bytes);
  }
}

/** The binary keeps the files' times, so that all get the same one, folders after what is in them. */
async function forgetTimes(path: string): Promise<void> {
  if ((await Deno.stat(path)).isDirectory) {
    for await (const entry of Deno.readDir(path)) await forgetTimes(join(path, entry.name));
  }
  await Deno.utime(path, 0, 0);
}

/** Fill `stage` with everything that goes into the binary; the same for all architectures. */
async function fill(stage: string): Promise<void> {
  const script = join(stage, "beam.js");
  await deno([...BUNDLE, "-o", script, join(ROOT, "main.ts")], ROOT);
  const shim = await shimFiles();
  const licenses = [...await licenseFiles(), ...await npmLicenses(join(ROOT, "main.ts"))];
  await writeAssets(join(stage, "shim"), shim);
  await writeAssets(join(stage, "licenses"), licenses);
  const page = await pageAssets();
  await writeAssets(join(stage, "page"), page);
  const bundle = { path: "beam.js", bytes: await Deno.readFile(script), mode: 0o644 };
  const build = digestOf([bundle, ...shim, ...licenses, ...page]);
  await Deno.writeTextFile(join(stage, "build"), `${build}\n`);
  await forgetTimes(stage);
}

async function compile(arch: Arch, denort: string | undefined, out: string): Promise<string> {
  const name = `beam-${VERSION}-linux-${arch}`;
  const work = await Deno.makeTempDir({ dir: out, prefix: ".build-" });
  try {
    const stage = join(work, "stage");
    await Deno.mkdir(stage);
    await fill(stage);
    const made = join(work, name);
    await deno(
      [
        ...["compile", "-q", "-A", "--no-config", "--no-lock", "--no-npm", "--no-remote"],
        ...["--no-code-cache", "--target", `${arch}-unknown-linux-gnu`],
        ...[
          "--include",
          "shim",
          "--include",
          "licenses",
          "--include",
          "page",
          "--include",
          "build",
        ],
        ...["-o", made, "beam.js"],
      ],
      stage,
      denort === undefined ? {} : { DENORT_BIN: denort },
    );
    await mustFit(made, arch);
    const file = join(out, name);
    await Deno.rename(made, file);
    return file;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Deno does not look whether a denort given to it is of the target's architecture. */
async function mustFit(file: string, arch: Arch): Promise<void> {
  const actual = archOf(await Deno.readFile(file));
  if (actual !== arch) {
    throw new Error(
      `Cannot use this denort: it must be an ELF executable for ${arch}, ` +
        `and it is for ${actual ?? "something else"}.`,
    );
  }
  await Deno.chmod(file, 0o755);
  if (arch !== Deno.build.arch || Deno.build.os !== "linux") return;
  const { success, stdout } = await new Deno.Command(file, { args: ["version"], stdin: "null" })
    .output();
  if (!success || !new TextDecoder().decode(stdout).includes(VERSION)) {
    throw new Error(`Cannot use the executable for ${arch}: "version" must print ${VERSION}.`);
  }
}

async function build({ arches, denort, out, check }: BuildOptions): Promise<void> {
  if (!Deno.env.get("BEAM_VENDOR")) {
    throw new Error(
      "Cannot build: BEAM_VENDOR must name the packages that the binary brings for a bare Python, " +
        "and it is empty. Unset it to have them fetched.",
    );
  }
  // An empty one would be taken for a path.
  Deno.env.delete("DENORT_BIN");
  const places = { scripts: import.meta.dirname!, cache: Deno.env.get("BEAM_CACHE") ?? out };
  await Deno.mkdir(places.cache, { recursive: true });
  await Deno.mkdir(out, { recursive: true });
  for (const arch of arches) {
    const runtime = denort ?? await findDenort(arch, places);
    const file = await compile(arch, runtime, out);
    const bytes = await Deno.readFile(file);
    const digest = sha256(bytes);
    if (check) {
      const again = sha256(await Deno.readFile(await compile(arch, runtime, out)));
      if (again !== digest) {
        throw new Error(
          `Cannot promise this build: two of the same sources must have the same digest, ` +
            `and ${arch} has ${digest} and ${again}.`,
        );
      }
    }
    const size = (bytes.length / 1e6).toFixed(1);
    console.log(`${digest}  ${file}  ${size} MB${check ? "  built twice, the same" : ""}`);
  }
}

try {
  const options = optionsFrom(Deno.args);
  if (options === "help") console.log(HELP.trimEnd());
  else await build(options);
  Deno.exit(0); // The signal listeners would keep the process.
} catch (error) {
  if (!(error instanceof Error)) throw error;
  // parseArgs throws a TypeError with a code of its own for an unknown flag.
  const isUsage = error instanceof UsageError || "code" in error;
  console.error(`build: ${error.message}`);
  if (isUsage) console.error("build: See scripts/build --help.");
  Deno.exit(isUsage ? 2 : interrupted.signal.aborted ? 130 : 1);
}
