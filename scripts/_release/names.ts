/** How the files of a release are called, and how large each may get. */
import { VERSION } from "../../lib/runtime/version.ts";
import type { Arch } from "../_denort.ts";

/** What a release is made of, as `--only` names it. */
export const KINDS = [
  "executable",
  "tarball",
  "mount",
  "wheel",
  "deb",
  "rpm",
  "image",
  "bom",
  "installer",
] as const;
export type Kind = (typeof KINDS)[number];

/** The most that a file of each kind may take, in MB of 10^6 bytes; `image` has both architectures. */
export const BUDGET: Record<Kind, number> = {
  executable: 102,
  tarball: 40,
  mount: 40,
  wheel: 41,
  deb: 41,
  rpm: 41,
  image: 88,
  bom: 0.1,
  installer: 0.1,
};

/** Debian's and OCI's names of the architectures. */
export const OTHER_NAMES: Record<Arch, "amd64" | "arm64"> = { x86_64: "amd64", aarch64: "arm64" };

/** The files of one architecture; `platform` is the wheel's, such as `manylinux_2_27_x86_64`. */
export const NAMES = {
  executable: (arch: Arch) => `beam-linux-${arch}`,
  tarball: (arch: Arch) => `beam-${VERSION}-linux-${arch}.tar.gz`,
  mount: (arch: Arch) => `beam-${VERSION}-mount-linux-${arch}.tar.gz`,
  wheel: (platform: string) => `beam_ray-${VERSION}-py3-none-${platform}.whl`,
  deb: (arch: Arch) => `beam_${VERSION}_${OTHER_NAMES[arch]}.deb`,
  rpm: (arch: Arch) => `beam-${VERSION}-1.${arch}.rpm`,
  bom: (arch: Arch) => `beam-${VERSION}-linux-${arch}.cdx.json`,
  imageBom: (arch: Arch) => `beam-${VERSION}-oci-linux-${arch}.cdx.json`,
  installer: () => "install.sh",
  image: () => `beam-${VERSION}-oci.tar`,
} as const;
