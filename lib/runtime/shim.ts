/**
 * Writes the Python package out, once per build: `<runtime>/shim/<digest>/` is what belongs into
 * PYTHONPATH. The folder gets its name when it is whole, so that several that start at once, or one
 * that is killed half-way, leave either a whole package or none.
 */
import { dirname, join } from "node:path";
import { type Asset, digestOf, shimFiles } from "./assets.ts";
import { Trouble } from "./errors.ts";
import { lastingCommand, writeLaunchers } from "./launcher.ts";
import { ensureRuntimeDir, reasonOf } from "./paths.ts";

/** How long an unfinished folder is left alone, in milliseconds: its writer may still be at it. */
const UNFINISHED_AGE = 60 * 60_000;

/** What {@link ensureShim} takes from elsewhere in tests. */
export interface ShimOptions {
  files?: readonly Asset[];
  /** What the launchers run. */
  command?: string[];
}

/**
 * The folder for PYTHONPATH, written where it is not there yet, with the launchers in `<runtime>/bin`.
 * @throws {Trouble} where the runtime directory cannot be written.
 */
export async function ensureShim(runtime: string, options: ShimOptions = {}): Promise<string> {
  const files = options.files ?? await shimFiles();
  const folder = join(runtime, "shim");
  const path = join(folder, digestOf(files));
  if (isDirectory(path)) {
    try {
      writeLaunchers(join(runtime, "bin"), runtime, options.command ?? lastingCommand());
    } catch { /* a runtime directory that became read-only still has its package */ }
    return path;
  }
  ensureRuntimeDir(runtime);
  try {
    Deno.mkdirSync(folder, { recursive: true });
    sweep(folder);
    const unfinished = Deno.makeTempDirSync({ dir: folder, prefix: ".new-" });
    try {
      writeAll(unfinished, files);
      giveName(unfinished, path);
    } finally {
      if (isDirectory(unfinished)) Deno.removeSync(unfinished, { recursive: true });
    }
    writeLaunchers(join(runtime, "bin"), runtime, options.command ?? lastingCommand());
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(
      `Cannot write the Python package to ${path}: ${reasonOf(error)}`,
      "Make room or the directory writable, or set BEAM_RUNTIME_DIR to another one.",
      { code: "runtime_dir", cause: error },
    );
  }
  return path;
}

function writeAll(folder: string, files: readonly Asset[]): void {
  Deno.chmodSync(folder, 0o755);
  const made = new Set([folder]);
  for (const file of files) {
    const path = join(folder, file.path);
    for (const dir of parents(path, made)) {
      Deno.mkdirSync(dir);
      Deno.chmodSync(dir, 0o755);
      made.add(dir);
    }
    Deno.writeFileSync(path, file.bytes);
    Deno.chmodSync(path, file.mode);
  }
}

/** The folders above `path` that are not `made` yet, the outermost first. */
function parents(path: string, made: ReadonlySet<string>): string[] {
  const missing: string[] = [];
  for (let dir = dirname(path); !made.has(dir); dir = dirname(dir)) missing.unshift(dir);
  return missing;
}

function giveName(unfinished: string, path: string): void {
  try {
    Deno.renameSync(unfinished, path);
  } catch (error) {
    if (!isDirectory(path)) throw error; // else another was first, with the same bytes
  }
}

/** Removes what writers that were killed have left. */
function sweep(folder: string): void {
  for (const entry of Deno.readDirSync(folder)) {
    if (!entry.name.startsWith(".new-")) continue;
    const path = join(folder, entry.name);
    try {
      const { mtime } = Deno.statSync(path);
      if (mtime && Date.now() - mtime.getTime() < UNFINISHED_AGE) continue;
      Deno.removeSync(path, { recursive: true });
    } catch { /* another start swept it */ }
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
