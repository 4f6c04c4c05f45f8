/** Debian and RPM packages, written by nfpm. */
import { dirname, join } from "node:path";
import { VERSION } from "../../lib/runtime/version.ts";
import { output } from "./commands.ts";
import { neededGlibc } from "./glibc.ts";
import { MAINTAINER, packageTree } from "./layouts.ts";
import { OTHER_NAMES } from "./names.ts";
import type { Contents, Executable } from "./plan.ts";

const SUMMARY = "cluster for vLLM in one executable, in Ray's place";
const DESCRIPTION = "One file forms the cluster that vLLM spans: node daemon, head, command\n" +
  "line, GPU probe, and the Python package `ray` that programs import.";

/**
 * The user of the units, and what systemd is told; nothing is started or enabled unasked. DPKG_ROOT is
 * where dpkg installs a system that does not run.
 */
const INSTALLED = `#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null; then systemd-sysusers --root="\${DPKG_ROOT:-/}" beam.conf; fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
`;
const REMOVED = `#!/bin/sh
set -e
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
`;

/** The first argument is dpkg's word, or how many rpm leaves installed: an upgrade stops nothing. */
const REMOVING = `#!/bin/sh
set -e
case $1 in
  remove | 0)
    [ -n "$DPKG_ROOT" ] || [ ! -d /run/systemd/system ] ||
      systemctl --quiet disable --now beam-head.service beam-node.service
    ;;
esac
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
    await Deno.writeTextFile(join(work, "installed"), INSTALLED);
    await Deno.writeTextFile(join(work, "removing"), REMOVING);
    await Deno.writeTextFile(join(work, "removed"), REMOVED);
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
  { time }: Contents,
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
    maintainer: MAINTAINER,
    // Debian has the terms in a file of their own, and its first line of the text is the summary.
    ...(kind === "rpm" ? { license: "Apache-2.0" } : {}),
    description: kind === "deb" ? `${SUMMARY}\n${DESCRIPTION}` : DESCRIPTION,
    mtime: new Date(time * 1000).toISOString(),
    depends: kind === "deb"
      ? [`libc6 (>= ${glibc})`, "libgcc-s1 | libgcc1"]
      : [`libc.so.6(GLIBC_${glibc})(64bit)`, `libgcc_s.so.1${bits}`],
    // Workers run in Python; a head needs none.
    recommends: ["python3"],
    contents,
    scripts: { postinstall: "installed", preremove: "removing", postremove: "removed" },
    deb: { compression: "gzip" },
    rpm: {
      compression: "gzip:9",
      buildhost: "beam",
      group: "Applications/System",
      summary: SUMMARY,
    },
  };
}
