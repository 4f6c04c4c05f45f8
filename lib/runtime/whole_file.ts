/** Files that readers see whole or not at all. */

/** Replaces the file at `path`. The text is on its way to a temporary name before it gets its own. */
export function writeWhole(path: string, text: string, mode: number): void {
  const temporary = `${path}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.writeTextFileSync(temporary, text, { mode, createNew: true });
    Deno.chmodSync(temporary, mode); // the umask may have taken bits away
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw error;
  }
}

/**
 * Creates the file at `path` unless it is there; false where it was.
 * Of several that try at once one succeeds, and nobody sees an unfinished file.
 */
export function createWhole(path: string, text: string, mode: number): boolean {
  const temporary = `${path}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    Deno.writeTextFileSync(temporary, text, { mode, createNew: true });
    Deno.chmodSync(temporary, mode);
    Deno.linkSync(temporary, path); // unlike a rename, this fails where the name is taken
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  } finally {
    removeQuietly(temporary);
  }
}

/** Removes a file that may not be there. */
export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch { /* it is gone, which is what was wanted */ }
}

/** Removes a folder, with all that is in it, that may not be there. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch { /* it is gone, which is what was wanted */ }
}
