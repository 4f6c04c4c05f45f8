/** The texts of the sources, as far as messages can be looked up in them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Files under a folder of the repository that end so. */
export function* filesUnder(folder: string, ...endings: string[]): Generator<string> {
  for (const entry of Deno.readDirSync(join(ROOT, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && !entry.name.startsWith(".")) yield* filesUnder(path, ...endings);
    else if (endings.some((ending) => entry.name.endsWith(ending))) yield path;
  }
}

/** What is between two pieces of a text that the source breaks over lines. */
const SEAMS = /["'`]\s*\+?\s*\n\s*(?:r|f|rf)?["'`]/g;

/** All sources in one text, the pieces of their messages put together. */
export function messages(): string {
  const texts = [...filesUnder("lib", ".ts"), ...filesUnder("shim_py", ".py")]
    .filter((path) => !path.endsWith("_test.ts"))
    .map((path) => Deno.readTextFileSync(join(ROOT, path)));
  return texts.join("\n").replaceAll(SEAMS, "");
}
