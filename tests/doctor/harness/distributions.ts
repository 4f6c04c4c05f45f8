/** Python distributions that are not there: what `importlib.metadata` reads of them. */
import { join } from "node:path";
import type { Place } from "../../e2e/harness/place.ts";

/** A folder for PYTHONPATH that says these are installed, by version. */
export function installed(place: Place, versions: Record<string, string>): string {
  const folder = join(place.dir, "site-" + Object.entries(versions).flat().join("-"));
  for (const [name, version] of Object.entries(versions)) {
    const info = join(folder, `${name}-${version}.dist-info`);
    Deno.mkdirSync(info, { recursive: true });
    const text = `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`;
    Deno.writeTextFileSync(join(info, "METADATA"), text);
  }
  return folder;
}
