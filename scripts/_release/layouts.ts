/** Where things lie: in the tarball, in the mount, and under `/usr` for packages. */
import { VERSION } from "../../lib/runtime/version.ts";
import type { Contents, Executable } from "./plan.ts";
import { gzip } from "./archive.ts";
import { assetsUnder, type Entry, file } from "./tree.ts";

/** Packages must have an address; this one says that there is none. */
export const MAINTAINER = "The authors of beam <authors@beam.invalid>";

/** Runs the executable beside it, by whatever path or link it is called. */
const RAY_LAUNCHER = `#!/bin/sh
# \`ray …\` is \`beam ray …\`.
exec "$(dirname "$(readlink -f "$0")")/beam" ray "$@"
`;

const MOUNT_README =
  `beam ${VERSION} for bind mounts: one folder gives a container beam and its package \`ray\`.

    docker run -v /opt/beam:/opt/beam:ro \\
      -e PYTHONPATH=/opt/beam/python -e PATH=/opt/beam/bin:/usr/local/bin:/usr/bin:/bin IMAGE …

The folder may lie anywhere: bin/ and python/ find each other as long as they stay side by side.
Texts of licences are in licenses/.
`;

/** The tarball: one folder, to be looked at and copied from. */
export function tarballTree(contents: Contents, { bytes }: Executable, arch: string): Entry[] {
  const top = `beam-${VERSION}-linux-${arch}`;
  const { completions, manuals, systemd, licenses } = contents;
  return [
    file(`${top}/bin/beam`, bytes, 0o755),
    file(`${top}/share/bash-completion/completions/beam`, completions.bash),
    file(`${top}/share/zsh/site-functions/_beam`, completions.zsh),
    file(`${top}/share/fish/vendor_completions.d/beam.fish`, completions.fish),
    ...assetsUnder(`${top}/share/man/man1`, manuals),
    ...assetsUnder(top, systemd),
    ...assetsUnder(`${top}/share/doc/beam/licenses`, licenses),
  ];
}

/** The mount: an executable and the package that finds it beside itself. */
export function mountTree(contents: Contents, { bytes }: Executable, top = "beam"): Entry[] {
  return [
    file(`${top}/README`, MOUNT_README),
    file(`${top}/bin/beam`, bytes, 0o755),
    file(`${top}/bin/ray`, RAY_LAUNCHER, 0o755),
    ...assetsUnder(`${top}/python`, contents.shim),
    ...assetsUnder(`${top}/licenses`, contents.licenses),
  ];
}

/** A distribution's package; `kind` decides where it looks for completions of zsh. */
export function packageTree(
  contents: Contents,
  { bytes }: Executable,
  kind: "deb" | "rpm",
): Entry[] {
  const { completions, manuals, systemd, licenses } = contents;
  const zsh = kind === "deb" ? "vendor-completions" : "site-functions";
  const texts = licenses.map(({ path, bytes }) =>
    file(`usr/share/doc/beam/licenses/${path}`, bytes)
  );
  return [
    file("usr/bin/beam", bytes, 0o755),
    file("usr/share/bash-completion/completions/beam", completions.bash),
    file(`usr/share/zsh/${zsh}/_beam`, completions.zsh),
    file("usr/share/fish/vendor_completions.d/beam.fish", completions.fish),
    ...manuals.map(({ path, bytes }) => file(`usr/share/man/man1/${path}.gz`, gzip(bytes))),
    ...assetsUnder("usr", systemd),
    ...texts,
    file("usr/share/doc/beam/CHANGELOG.md.gz", gzip(contents.changelog)),
    ...(kind === "deb"
      ? [
        file("usr/share/doc/beam/changelog.gz", gzip(debianChangelog(contents))),
        file("usr/share/doc/beam/copyright", copyright(contents)),
        file("usr/share/lintian/overrides/beam", OVERRIDES),
      ]
      : []),
  ];
}

/** What Debian's checker finds, and why it is so. */
const OVERRIDES = `# One executable that runs everywhere brings its libraries.
beam: embedded-library *
beam: statically-linked-binary *
# There is no address to write to.
beam: bogus-mail-host Maintainer *
`;

/** What Debian's tools read of the package's history: this version. */
function debianChangelog({ time }: Contents): Uint8Array {
  const date = new Date(time * 1000).toUTCString().replace("GMT", "+0000");
  return new TextEncoder().encode(
    `beam (${VERSION}) stable; urgency=medium\n\n  * What changed is in CHANGELOG.md.gz.\n\n` +
      ` -- ${MAINTAINER}  ${date}\n`,
  );
}

/** Debian's machine-readable form, with the licence of beam and where the others are. */
function copyright({ licenses }: Contents): string {
  const others = licenses.map(({ path }) => ` /usr/share/doc/beam/licenses/${path}\n`).join("");
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: beam

Files: *
Copyright: 2026 the authors of beam
License: Apache-2.0
Comment: The executable contains Deno's runtime and packages under licences of their own, word for word in
${others}
License: Apache-2.0
 On Debian systems the full text is in /usr/share/common-licenses/Apache-2.0.
`;
}
