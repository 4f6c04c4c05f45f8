/** The file of `beam debug`: its parts without secrets, in one compressed archive. */
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { givenToken, keptToken } from "../runtime/token.ts";
import { runtimePaths } from "../runtime/paths.ts";
import type { ClusterStatus } from "./cluster_status.ts";
import type { DebugPart } from "./debug_parts.ts";
import { Redactor, REMOVED } from "./redactor.ts";

/** A file as it goes into the archive. */
export interface BundleFile {
  name: string;
  text: string;
}

/**
 * A redactor that knows what this machine and the cluster's picture tell of secrets.
 * @param dirs the runtime directories of this machine
 */
export function redactorFor(
  env: Readonly<Record<string, string>>,
  status: ClusterStatus | undefined,
  dirs: readonly string[],
): Redactor {
  const redactor = new Redactor();
  redactor.knowEnvironment(env);
  const kept = dirs.map(runtimePaths).flatMap(({ token, dashboardToken }) => [
    () => keptToken(token),
    () => keptToken(dashboardToken),
  ]);
  for (const find of [() => givenToken(), ...kept]) {
    try {
      redactor.know(find()?.token ?? "");
    } catch { /* it cannot be read: then it is not in what we read either */ }
  }
  for (const env of environmentsIn(status)) redactor.knowEnvironment(env);
  return redactor;
}

/** Every `env_vars` of a runtime environment, however deep it stands. */
function* environmentsIn(value: unknown, name = ""): Generator<Record<string, string>> {
  if (typeof value !== "object" || value === null) return;
  if (name === "env_vars" && !Array.isArray(value)) {
    const texts = Object.entries(value).filter(([, one]) => typeof one === "string");
    yield Object.fromEntries(texts) as Record<string, string>;
    return;
  }
  for (const [key, one] of Object.entries(value)) yield* environmentsIn(one, key);
}

/**
 * The parts without secrets, with a page that says what they are.
 * @throws {Error} where a known secret is left, which is a bug: nothing is written then
 */
export function cleaned(parts: readonly DebugPart[], redactor: Redactor): BundleFile[] {
  const files = parts.map(({ name, content }) => ({
    name: redactor.text(name),
    text: typeof content === "string"
      ? redactor.text(content)
      : JSON.stringify(redactor.value(content.json), null, 2) + "\n",
  }));
  const readme = { name: "README.txt", text: readmeText(files) };
  for (const { name, text } of [...files, readme]) {
    if (redactor.leftIn(text) > 0 || redactor.leftIn(name) > 0) {
      throw new Error(`A known secret is left in ${name} of the bundle: it is not written`);
    }
  }
  return [readme, ...files];
}

/** How many values were taken out. */
export function removedIn(files: readonly BundleFile[]): number {
  return files.reduce((sum, { text }) => sum + text.split(REMOVED).length - 1, 0);
}

/** The bytes of the archive, everything in one folder. */
export async function archive(files: readonly BundleFile[], folder: string): Promise<Uint8Array> {
  const mtime = new Date();
  const entries = files.map(({ name, text }) => {
    const body = new TextEncoder().encode(text);
    const header = { name: `${folder}/${name}`, size: body.length, mode: 0o600, mtime };
    return { header: { ...header, type: "file" as const }, body };
  });
  return gzipSync(await packTar(entries));
}

function readmeText(files: readonly BundleFile[]): string {
  const list = files.map(({ name, text }) => `  ${String(text.length).padStart(9)}  ${name}`);
  return `What \`beam debug\` has packed for a bug report: the cluster's state and events, deaths, settings and
where they come from, what each worker was doing, what the doctor found, facts of this machine, and the
ends of all logs.

Taken out, each replaced by ${REMOVED}: tokens, keys and passwords by their names, by their forms and by
their values where they are known. A program may have printed a secret that nothing tells from other
words: look through the files before you send them.

Length and name of each:
${list.join("\n")}
`;
}
