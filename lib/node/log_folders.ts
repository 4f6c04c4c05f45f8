/** Log folders of nodes that have ended: the last ones are kept, older ones go. */
import { join } from "node:path";

/** How many are kept whatever their age. */
const KEPT = 10;
/** A folder younger than this stays: in a shared home it may be a living node's on another machine. */
const YOUNG = 3 * 24 * 3600_000;

/** Removes old log folders under `logs`. What cannot be removed stays. */
export function pruneLogFolders(logs: string, now: number): void {
  const folders: { path: string; at: number }[] = [];
  try {
    for (const { name, isDirectory } of Deno.readDirSync(logs)) {
      if (!isDirectory || !/^[0-9a-f]{12}$/.test(name)) continue;
      const path = join(logs, name);
      folders.push({ path, at: Math.max(changedAt(path), changedAt(join(path, "daemon.log"))) });
    }
  } catch {
    return; // there is none yet
  }
  folders.sort((a, b) => b.at - a.at);
  for (const { path, at } of folders.slice(KEPT)) {
    if (now - at < YOUNG) continue;
    try {
      Deno.removeSync(path, { recursive: true });
    } catch { /* not ours, or another daemon was faster */ }
  }
}

function changedAt(path: string): number {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}
