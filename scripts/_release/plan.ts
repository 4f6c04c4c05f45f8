/** What all parts of a release are made of, gathered once. */
import { join } from "node:path";
import { type Asset, licenseFiles, shimFiles } from "../../lib/runtime/assets.ts";
import type { Arch } from "../_denort.ts";
import { npmLicenses } from "../_npm_licenses.ts";
import { output } from "./commands.ts";

/** The checkout. */
export const ROOT = join(import.meta.dirname!, "..", "..");

/** What goes into archives and packages, apart from the executable: the same for all architectures. */
export interface Contents {
  /** The time that all files get, in seconds since 1970. */
  time: number;
  shim: readonly Asset[];
  licenses: readonly Asset[];
  /** `bash`, `zsh` and `fish`. */
  completions: Readonly<Record<Shell, string>>;
  /** What changed, for people. */
  changelog: Uint8Array;
  /** Manual pages: `beam.1`. */
  manuals: readonly Asset[];
  /** For systemd, with paths below `/usr`: `lib/systemd/system/beam-head.service`. */
  systemd: readonly Asset[];
}

/** An executable of the release. */
export interface Executable {
  arch: Arch;
  bytes: Uint8Array;
}

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** Gather it all from the checkout. */
export async function gather(): Promise<Contents> {
  if (!Deno.env.get("BEAM_VENDOR")) {
    throw new Error("Cannot release without the packages for a bare Python: unset BEAM_VENDOR.");
  }
  const main = join(ROOT, "main.ts");
  const completions = await Promise.all(
    SHELLS.map(async (shell) => [shell, await beam("completions", shell)]),
  );
  return {
    time: await releaseTime(),
    shim: await shimFiles(),
    licenses: [...await licenseFiles(), ...await npmLicenses(main)],
    completions: Object.fromEntries(completions),
    changelog: await Deno.readFile(join(ROOT, "CHANGELOG.md")),
    manuals: [{
      path: "beam.1",
      bytes: new TextEncoder().encode(await beam("man")),
      mode: 0o644,
    }],
    systemd: await systemdFiles(join(ROOT, "deploy", "systemd")),
  };
}

/**
 * `SOURCE_DATE_EPOCH`, else the time of the last commit.
 * @throws {Error} where there is neither
 */
async function releaseTime(): Promise<number> {
  const given = Deno.env.get("SOURCE_DATE_EPOCH");
  const told = given ?? (await output("git", ["log", "-1", "--format=%ct"], { cwd: ROOT })).trim();
  if (!/^\d+$/.test(told)) {
    throw new Error(`SOURCE_DATE_EPOCH must be seconds since 1970, and it is "${told}".`);
  }
  return Number(told);
}

/** What beam prints; from the checkout, because one of the executables may not run here. */
async function beam(...args: string[]): Promise<string> {
  return await output(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    "--config",
    join(ROOT, "deno.json"),
    join(ROOT, "main.ts"),
    ...args,
  ], { cwd: ROOT });
}

/** Where a distribution has each file of `folder`. */
const SYSTEMD_PLACES: readonly [RegExp, string][] = [
  [/^.*\.service$/, "lib/systemd/system/$&"],
  [/^(.*)\.sysusers\.conf$/, "lib/sysusers.d/$1.conf"],
  // A drop-in that nobody gets unasked.
  [/^hardened\.conf$/, "share/doc/beam/systemd/$&"],
];

async function systemdFiles(folder: string): Promise<Asset[]> {
  const found: Asset[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const [pattern, place] = SYSTEMD_PLACES.find(([pattern]) => pattern.test(name)) ?? [];
    if (pattern === undefined) {
      throw new Error(`Cannot pack ${join(folder, name)}: its place must be known in plan.ts.`);
    }
    const bytes = await Deno.readFile(join(folder, name));
    found.push({ path: name.replace(pattern, place!), bytes, mode: 0o644 });
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}
