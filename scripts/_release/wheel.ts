/**
 * The Python wheel: `import ray`, and the commands `beam` and `ray`.
 *
 * It is called beam-ray, because an index where it were `ray` would give it to people who want Ray.
 * It brings a record of `ray` all the same (for `importlib.metadata.version("ray")`, and so that
 * installers know that requirement as met): as data, since a wheel has one record of its own.
 */
import { createHash } from "node:crypto";
import type { Asset } from "../../lib/runtime/assets.ts";
import { RAY_VERSION } from "../../lib/runtime/ray_version.ts";
import { VERSION } from "../../lib/runtime/version.ts";
import { zip } from "./archive.ts";
import { neededGlibc } from "./glibc.ts";
import type { Contents, Executable } from "./plan.ts";
import { assetsUnder, type Entry, file } from "./tree.ts";

type File = Extract<Entry, { kind: "file" }>;

const RECORDS = `beam_ray-${VERSION}.dist-info`;
const DATA = `beam_ray-${VERSION}.data`;

const DESCRIPTION = `# beam-ray

beam stands where Ray stands under vLLM. This wheel brings its executable as
the command \`beam\`, the command \`ray\`, and a package \`ray\` for \`import ray\`, as Ray ${RAY_VERSION} documents it.

**It takes genuine Ray's place.** Both bring a module \`ray\`, so an environment can have one of them:

    pip uninstall -y ray
    pip install beam-ray

With both in one environment \`import ray\` refuses and says so; then remove both, beam-ray first. To go back:
\`pip uninstall -y beam-ray\`, then \`pip install ray\`.

    beam up --head                                  # first machine; prints the line for the others
    vllm serve MODEL --tensor-parallel-size 2 --distributed-executor-backend ray
`;

/** The wheel's platform, from what the executable needs: `manylinux_2_27_x86_64`. */
export function platformOf({ arch, bytes }: Executable): string {
  return `manylinux_${neededGlibc(bytes).join("_")}_${arch}`;
}

/** The wheel's bytes. */
export function wheel(contents: Contents, executable: Executable): Uint8Array {
  const files = wheelFiles(contents, executable);
  const lines = files.map(({ path, bytes }) => `${path},sha256=${digest(bytes)},${bytes.length}`);
  const record = `${RECORDS}/RECORD`;
  files.push(file(record, [...lines, `${record},,`, ""].join("\n")) as File);
  return zip(files, contents.time);
}

/** By path, with the records last, as the format recommends. */
function wheelFiles({ shim, licenses }: Contents, executable: Executable): File[] {
  const records = [
    file(`${RECORDS}/METADATA`, metadata(licenses.map(({ path }) => path))),
    file(`${RECORDS}/WHEEL`, wheelText(`py3-none-${platformOf(executable)}`, false)),
    file(`${RECORDS}/entry_points.txt`, "[console_scripts]\nray = ray.scripts.scripts:main\n"),
    ...licenses.map(({ path, bytes }) => file(`${RECORDS}/licenses/${path}`, bytes)),
  ];
  const rest = [
    file(`${DATA}/scripts/beam`, executable.bytes, 0o755),
    ...shim.filter(({ path }) => path.startsWith("ray/")).map(({ path, bytes, mode }) =>
      file(path, bytes, mode)
    ),
    ...recordOfRay(shim),
  ];
  const inOrder = (entries: Entry[]) => entries.sort((a, b) => a.path < b.path ? -1 : 1);
  return [...inOrder(rest), ...inOrder(records)] as File[];
}

/** Without a list of files, so that nobody removes `ray` and leaves the rest of beam-ray. */
function recordOfRay(shim: readonly Asset[]): Entry[] {
  const folder = `ray-${RAY_VERSION}.dist-info`;
  const kept = shim.filter(({ path }) => path === `${folder}/METADATA`);
  return [
    ...assetsUnder(`${DATA}/purelib`, kept),
    file(`${DATA}/purelib/${folder}/INSTALLER`, "beam-ray\n"),
    // Without one, uv takes the record for a broken package.
    file(`${DATA}/purelib/${folder}/WHEEL`, wheelText("py3-none-any", true)),
  ];
}

function wheelText(tag: string, isPure: boolean): string {
  return `Wheel-Version: 1.0\nGenerator: beam ${VERSION}\nRoot-Is-Purelib: ${isPure}\nTag: ${tag}\n`;
}

function metadata(licenseFiles: readonly string[]): string {
  return [
    "Metadata-Version: 2.4",
    "Name: beam-ray",
    `Version: ${VERSION}`,
    "Summary: beam in Ray's place under vLLM: one executable, and its package `ray`",
    "License-Expression: Apache-2.0",
    ...licenseFiles.map((path) => `License-File: ${path}`),
    "Keywords: vllm,ray,distributed,gpu",
    "Classifier: Operating System :: POSIX :: Linux",
    "Classifier: Programming Language :: Python :: 3",
    "Requires-Python: >=3.9",
    "Description-Content-Type: text/markdown",
    "",
    DESCRIPTION,
  ].join("\n");
}

/** As records have it: base64 for addresses, without padding. */
function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}
