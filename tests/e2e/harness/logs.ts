/** What a failed test shows of beam's own logs. */
import { join } from "node:path";

const SHOWN = 2000;

/** The ends of all logs of a runtime directory. */
export function logTails(runtimeDir: string | undefined): string {
  if (runtimeDir === undefined) return "";
  return filesIn(join(runtimeDir, "logs")).map((path) => {
    const text = Deno.readTextFileSync(path);
    return text === "" ? "" : `\n--- ${path}\n${text.slice(-SHOWN)}`;
  }).join("");
}

function filesIn(dir: string): string[] {
  try {
    return [...Deno.readDirSync(dir)].flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory ? filesIn(path) : [path];
    });
  } catch {
    return [];
  }
}
