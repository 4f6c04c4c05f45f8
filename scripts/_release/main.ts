/** `scripts/release`: all files of a release, the same bytes from the same sources. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Arch, ARCHES } from "../_denort.ts";
import { VERSION } from "../../lib/runtime/version.ts";
import { interrupted, output } from "./commands.ts";
import { renewPins } from "./debian.ts";
import { type Kind, KINDS } from "./names.ts";
import { ROOT } from "./plan.ts";
import { type Made, makeRelease } from "./release.ts";
import { overBudget, sizeTable } from "./sizes.ts";

const HELP = `Make the files of a release, laid out as a mirror serves them (docs/release.md).

  scripts/release [--arch x86_64|aarch64] [--only KIND,…] [--out DIR] [--check]

  --arch ARCH         only this one; may be given twice
  --only KINDS        only these; the folder then has no others. Of
                      ${KINDS.join(", ")}
  --executables DIR   take the executables that scripts/build made there, instead of building them
  --out DIR           the base folder (dist/release)
  --base-url URL      where this release will be served: install.sh fetches from there
  --check             make everything twice and compare
  --renew-debian      pin the Debian packages that there are now, and make nothing

Files get the time of the last commit, or SOURCE_DATE_EPOCH. Packages need Go 1.24, the image
apt-get and dpkg-deb.
`;

class UsageError extends Error {}

/** What a run is told. */
interface Options {
  arches: readonly Arch[];
  kinds: ReadonlySet<Kind>;
  executables: string | undefined;
  out: string;
  baseUrl: string;
  check: boolean;
}

function optionsFrom(args: string[]): Options | "help" | "renew" {
  const { values } = parseArgs({
    args,
    options: {
      arch: { type: "string", multiple: true, default: [] },
      only: { type: "string", default: KINDS.join(",") },
      executables: { type: "string" },
      out: { type: "string", default: join(import.meta.dirname!, "..", "..", "dist", "release") },
      "base-url": { type: "string", default: "" },
      check: { type: "boolean", default: false },
      "renew-debian": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  if (values["renew-debian"]) return "renew";
  // It is put between quotes of a shell.
  if (!/^(https?:\/\/[\w.:@/%-]+)?$/.test(values["base-url"])) {
    throw new UsageError(`--base-url must be an address, not "${values["base-url"]}".`);
  }
  const arches = chosen("--arch", values.arch, ARCHES);
  return {
    arches: arches.length > 0 ? arches : ARCHES,
    kinds: new Set(chosen("--only", values.only.split(","), KINDS)),
    executables: values.executables === undefined ? undefined : resolve(values.executables),
    out: resolve(values.out),
    baseUrl: values["base-url"],
    check: values.check,
  };
}

function chosen<T extends string>(flag: string, given: string[], all: readonly T[]): T[] {
  const unknown = given.find((word) => !all.includes(word as T));
  if (unknown !== undefined) {
    throw new UsageError(`${flag} must be of ${all.join(", ")}, not "${unknown}".`);
  }
  return all.filter((word) => given.includes(word));
}

async function release({ out, check, ...wanted }: Options): Promise<void> {
  await Deno.mkdir(out, { recursive: true });
  if (await output("git", ["status", "--porcelain"], { cwd: ROOT }).catch(() => "") !== "") {
    console.error(
      "release: The checkout has changes that are not committed: nobody else can make this again.",
    );
  }
  const made = await makeRelease({ ...wanted, out });
  if (check) {
    const again = await Deno.makeTempDir({ dir: out, prefix: ".check-" });
    try {
      mustEqual(made, await makeRelease({ ...wanted, out: again }));
    } finally {
      await Deno.remove(again, { recursive: true });
    }
  }
  console.log(sizeTable(made));
  console.log(`${join(out, `v${VERSION}`)}${check ? "  made twice, the same" : ""}`);
  const tooLarge = overBudget(made);
  if (tooLarge.length > 0) throw new Error(tooLarge.join("\n"));
}

function mustEqual(first: readonly Made[], second: readonly Made[]): void {
  for (const [index, { name, digest }] of first.entries()) {
    const again = second[index]!.digest;
    if (digest !== again) {
      throw new Error(
        `Cannot promise ${name}: two of the same sources must have the same digest, and it has ` +
          `${digest} and ${again}.`,
      );
    }
  }
}

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interrupted.abort(new Error(`Stopped by ${signal}.`)));
}

try {
  const options = optionsFrom(Deno.args);
  if (options === "help") console.log(HELP.trimEnd());
  else if (options === "renew") console.log((await renewPins(cacheFolder())).trimEnd());
  else await release(options);
  Deno.exit(0); // The signal listeners would keep the process.
} catch (error) {
  if (!(error instanceof Error)) throw error;
  // parseArgs has codes of its own for an unknown flag and its like.
  const { code } = error as { code?: unknown };
  const isUsage = error instanceof UsageError || String(code).startsWith("ERR_PARSE_ARGS");
  const cause = error.cause instanceof Error ? `\nrelease: ${error.cause.message}` : "";
  console.error(`release: ${error.message}${cause}`);
  if (isUsage) console.error("release: See scripts/release --help.");
  Deno.exit(isUsage ? 2 : interrupted.signal.aborted ? 130 : 1);
}

function cacheFolder(): string {
  return Deno.env.get("BEAM_CACHE")!;
}
