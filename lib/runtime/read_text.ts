/** Text of files that may not be there. */

/** Reads a file, or undefined. A parameter so that tests hold recorded files. */
export type ReadText = (path: string) => string | undefined;

/** The real files. */
export const readText: ReadText = (path) => {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
};
