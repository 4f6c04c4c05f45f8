/**
 * The image as an OCI layout, made of files alone: no container engine takes part.
 *
 * Its first layer is Debian's C library and a shell, its second the folder of the mount, so that an
 * image is both what runs a head and what hands the mount to other containers.
 */
import { VERSION } from "../../lib/runtime/version.ts";
import { type Arch } from "../_denort.ts";
import { sha256 } from "../_digest.ts";
import { gzip, tar } from "./archive.ts";
import { type Package, rootFiles } from "./debian.ts";
import { mountTree } from "./layouts.ts";
import { OTHER_NAMES } from "./names.ts";
import type { Contents, Executable } from "./plan.ts";
import { type Entry, file, folder, link } from "./tree.ts";

const TYPES = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};

/** The user that the image runs as. */
const USER = 65532;

/** Commands that scripts around containers use; busybox has them all in one file. */
const BUSYBOX = [
  ...[
    "awk",
    "cat",
    "chmod",
    "chown",
    "cp",
    "date",
    "df",
    "env",
    "find",
    "grep",
    "head",
    "hostname",
  ],
  ...["id", "ip", "kill", "ln", "ls", "mkdir", "mv", "nc", "nslookup", "ping", "ps", "readlink"],
  ...[
    "rm",
    "sed",
    "sh",
    "sleep",
    "sort",
    "tail",
    "tar",
    "test",
    "top",
    "tr",
    "uname",
    "vi",
    "wget",
  ],
];

/** What a layout's files refer to each other by. */
interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** The image of one architecture: what it refers to, and the digest that names it. */
export interface ImagePart {
  arch: Arch;
  blobs: Map<string, Uint8Array>;
  manifest: Descriptor;
}

/** Make the image of one architecture. */
export async function imagePart(
  contents: Contents,
  executable: Executable,
  packages: readonly Package[],
): Promise<ImagePart> {
  const blobs = new Map<string, Uint8Array>();
  const layers = [
    { made: "Debian packages, a shell, a user", entries: await baseTree(packages) },
    { made: `beam ${VERSION}`, entries: beamTree(contents, executable) },
  ];
  const tars = await Promise.all(layers.map(({ entries }) => tar(entries, contents.time)));
  const created = new Date(contents.time * 1000).toISOString();
  const labels = annotations(created);
  const config = store(
    blobs,
    TYPES.config,
    json({
      created,
      ...platform(executable.arch),
      config: {
        User: `${USER}:${USER}`,
        Env: [
          "PATH=/opt/beam/bin:/usr/local/bin:/usr/bin:/bin",
          "PYTHONPATH=/opt/beam/python",
          "HOME=/home/beam",
        ],
        Entrypoint: ["/opt/beam/bin/beam"],
        Cmd: ["up", "--head", "--block"],
        WorkingDir: "/home/beam",
        ExposedPorts: { "6379/tcp": {}, "8265/tcp": {} },
        Labels: labels,
      },
      rootfs: { type: "layers", diff_ids: tars.map((bytes) => `sha256:${sha256(bytes)}`) },
      history: layers.map(({ made }) => ({ created, created_by: `scripts/release: ${made}` })),
    }),
  );
  const manifest = store(
    blobs,
    TYPES.manifest,
    json({
      schemaVersion: 2,
      mediaType: TYPES.manifest,
      config,
      layers: tars.map((bytes) => store(blobs, TYPES.layer, gzip(bytes))),
      annotations: labels,
    }),
  );
  return { arch: executable.arch, blobs, manifest };
}

/** The layout of all architectures, as a tar file that skopeo and its like read as `oci-archive:`. */
export async function imageLayout(parts: readonly ImagePart[], time: number): Promise<Uint8Array> {
  const blobs = new Map(parts.flatMap((part) => [...part.blobs]));
  const labels = annotations(new Date(time * 1000).toISOString());
  const index = store(
    blobs,
    TYPES.index,
    json({
      schemaVersion: 2,
      mediaType: TYPES.index,
      manifests: parts.map(({ arch, manifest }) => ({ ...manifest, platform: platform(arch) })),
      annotations: labels,
    }),
  );
  const reference = { ...index, annotations: { "org.opencontainers.image.ref.name": VERSION } };
  return await tar([
    file("oci-layout", json({ imageLayoutVersion: "1.0.0" })),
    file(
      "index.json",
      json({
        schemaVersion: 2,
        mediaType: TYPES.index,
        manifests: [reference],
      }),
    ),
    ...[...blobs].map(([digest, bytes]) => file(`blobs/${digest.replace(":", "/")}`, bytes)),
  ], time);
}

async function baseTree(packages: readonly Package[]): Promise<Entry[]> {
  return [
    ...await rootFiles(packages),
    ...BUSYBOX.map((name) => link(`usr/bin/${name}`, "busybox")),
    folder("usr/sbin"),
    folder("usr/lib64"),
    folder("tmp", 0o1777),
    folder("root", 0o700),
    folder("run"),
    folder("proc", 0o555),
    folder("sys", 0o555),
    folder("dev"),
    file(
      "etc/passwd",
      `root:x:0:0:root:/root:/bin/sh\nbeam:x:${USER}:${USER}:beam:/home/beam:/bin/sh\n`,
    ),
    file("etc/group", `root:x:0:\nbeam:x:${USER}:\n`),
    file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    file("etc/os-release", 'ID=beam\nID_LIKE=debian\nNAME="beam on Debian packages"\n'),
    // Whatever user the container runs as makes its own folder there.
    folder("home/beam", 0o1777),
  ];
}

function beamTree(contents: Contents, executable: Executable): Entry[] {
  return [
    ...mountTree(contents, executable, "opt/beam"),
    link("usr/bin/beam", "/opt/beam/bin/beam"),
    link("usr/bin/ray", "/opt/beam/bin/ray"),
  ];
}

/** In the index and in the configuration alike: readers compare them. */
function platform(arch: Arch): Record<string, string> {
  const architecture = OTHER_NAMES[arch];
  return { architecture, os: "linux", ...(architecture === "arm64" ? { variant: "v8" } : {}) };
}

function annotations(created: string): Record<string, string> {
  return {
    "org.opencontainers.image.title": "beam",
    "org.opencontainers.image.description":
      "beam in Ray's place under vLLM: head, and mount for workers",
    "org.opencontainers.image.version": VERSION,
    "org.opencontainers.image.licenses": "Apache-2.0",
    "org.opencontainers.image.created": created,
  };
}

function store(blobs: Map<string, Uint8Array>, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = `sha256:${sha256(bytes)}`;
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
