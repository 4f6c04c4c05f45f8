/** Log folders of nodes that have ended, and in a node's own folder the logs of setups: the last ones are kept. */
import { join } from "node:path";
import { removeQuietly } from "../runtime/whole_file.ts";

/** How many are kept whatever their age. */
const KEPT = 10;
/** A folder younger than this stays: in a shared home it may be a living node's on another machine. */
const YOUNG = 3 * 24 * 3600_000;

/** Logs of runtime environments' setups that a node keeps, and what they may take in sum, in bytes. */
const KEPT_SETUPS = 200;
const MOST_SETUP_BYTES = 64 * 2 ** 20;

/** Removes old logs of setups from a node's folder; the newest ones stay, however large they are. */
export function pruneSetupLogs(folder: string): void {
  const files: { path: string; at: number; size: number }[] = [];
  try {
    for (const { name, isFile } of Deno.readDirSync(folder)) {
      if (!isFile || !/^runtime_env_setup-.+\.log$/.test(name)) continue;
      const path = join(folder, name);
      const { mtime, size } = Deno.statSync(path);
      files.push({ path, at: mtime?.getTime() ?? 0, size });
    }
  } catch {
    return; // the folder was removed under us
  }
  let sum = 0;
  for (const [place, { path, size }] of files.sort((a, b) => b.at - a.at).entries()) {
    sum += size;
    if (place < KEPT_SETUPS && (sum <= MOST_SETUP_BYTES || place < 2)) continue;
    removeQuietly(path);
  }
}

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
