/** Debian and RPM packages, written by nfpm. */
import { dirname, join } from "node:path";
import { VERSION } from "../../lib/runtime/version.ts";
import { output } from "./commands.ts";
import { neededGlibc } from "./glibc.ts";
import { packageTree } from "./layouts.ts";
import { OTHER_NAMES } from "./names.ts";
import type { Contents, Executable } from "./plan.ts";

/** What systemd is told when units come and go; nothing is started or enabled unasked. */
const RELOAD = `#!/bin/sh
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload || true
`;

/** The package's bytes. `nfpm` is the path of that program. */
export async function distributionPackage(
  kind: "deb" | "rpm",
  contents: Contents,
  executable: Executable,
  nfpm: string,
): Promise<Uint8Array> {
  const work = await Deno.makeTempDir();
  try {
    const files = await stage(kind, contents, executable, work);
    const config = join(work, "nfpm.json");
    await Deno.writeTextFile(config, JSON.stringify(settings(kind, contents, executable, files)));
    await Deno.writeTextFile(join(work, "reload"), RELOAD);
    const target = join(work, `package.${kind}`);
    await output(nfpm, ["package", "--config", config, "--packager", kind, "--target", target], {
      cwd: work,
      env: { SOURCE_DATE_EPOCH: String(contents.time), TZ: "UTC" },
    });
    return await Deno.readFile(target);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Write the files where nfpm can read them. @returns what it is told of each. */
async function stage(
  kind: "deb" | "rpm",
  contents: Contents,
  executable: Executable,
  work: string,
): Promise<unknown[]> {
  const mtime = new Date(contents.time * 1000).toISOString();
  const told: unknown[] = [];
  for (const entry of packageTree(contents, executable, kind)) {
    if (entry.kind !== "file") throw new Error(`Cannot package ${entry.path}: it must be a file.`);
    const src = join(work, "tree", entry.path);
    await Deno.mkdir(dirname(src), { recursive: true });
    await Deno.writeFile(src, entry.bytes);
    const about = { owner: "root", group: "root", mode: entry.mode, mtime };
    const isText = entry.path.startsWith("usr/share/doc/");
    told.push({
      src,
      dst: `/${entry.path}`,
      file_info: about,
      ...(kind === "rpm" && isText ? { type: "doc" } : {}),
    });
  }
  return told;
}

function settings(
  kind: "deb" | "rpm",
  { time, units }: Contents,
  { arch, bytes }: Executable,
  contents: unknown[],
): unknown {
  const glibc = neededGlibc(bytes).join(".");
  const bits = "()(64bit)";
  return {
    name: "beam",
    arch: OTHER_NAMES[arch],
    platform: "linux",
    version: VERSION,
    ...(kind === "rpm" ? { release: "1" } : {}),
    section: "net",
    priority: "optional",
    maintainer: "The authors of beam <beam@localhost>",
    license: "Apache-2.0",
    description: `${SUMMARY}\n${DESCRIPTION}`,
    mtime: new Date(time * 1000).toISOString(),
    depends: kind === "deb"
      ? [`libc6 (>= ${glibc})`, "libgcc-s1 | libgcc1"]
      : [`libc.so.6(GLIBC_${glibc})(64bit)`, `libgcc_s.so.1${bits}`],
    // Workers run in Python; a head needs none.
    recommends: ["python3"],
    contents,
    ...(units.length > 0 ? { scripts: { postinstall: "reload", postremove: "reload" } } : {}),
    deb: { compression: "gzip" },
    rpm: {
      compression: "gzip:9",
      buildhost: "beam",
      group: "Applications/System",
      summary: SUMMARY,
    },
  };
}

const SUMMARY = "beam in Ray's place under vLLM";
const DESCRIPTION =
  "One executable forms the cluster that vLLM spans: node daemon, head, command line\n" +
  "and the Python package that programs import.";
