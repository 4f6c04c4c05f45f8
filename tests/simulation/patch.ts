/**
 * Applies unified diffs, strictly: what a hunk takes away and what stands around it must be in the
 * file exactly once; on which line it stands does not matter.
 */

/** What is to be changed in one file. */
interface FilePatch {
  path: string;
  hunks: { before: string[]; after: string[] }[];
}

/**
 * Applies a patch.
 *
 * @param patch a unified diff; lines before its first `---` are words for people
 * @param read gives a file's text
 * @returns the changed files' texts by path
 * @throws Error that names the hunk which does not fit
 */
export function applyPatch(patch: string, read: (path: string) => string): Map<string, string> {
  const changed = new Map<string, string>();
  for (const { path, hunks } of filesOf(patch)) {
    let lines = (changed.get(path) ?? read(path)).split("\n");
    for (const { before, after } of hunks) {
      const at = placesOf(lines, before);
      if (at.length !== 1) {
        throw new Error(
          `It does not apply: these lines must be in ${path} once and are there ${at.length} times:\n` +
            before.join("\n"),
        );
      }
      lines = [...lines.slice(0, at[0]), ...after, ...lines.slice(at[0]! + before.length)];
    }
    changed.set(path, lines.join("\n"));
  }
  if (changed.size === 0) throw new Error("It does not apply: it changes nothing");
  return changed;
}

function filesOf(patch: string): FilePatch[] {
  const files: FilePatch[] = [];
  for (const line of patch.split("\n")) {
    const file = files.at(-1);
    const hunk = file?.hunks.at(-1);
    if (line.startsWith("--- ")) continue;
    if (line.startsWith("+++ ")) files.push({ path: line.slice(4).replace(/^b\//, ""), hunks: [] });
    else if (line.startsWith("@@")) file?.hunks.push({ before: [], after: [] });
    else if (hunk === undefined) continue;
    else if (line.startsWith("-")) hunk.before.push(line.slice(1));
    else if (line.startsWith("+")) hunk.after.push(line.slice(1));
    else if (line.startsWith(" ")) {
      hunk.before.push(line.slice(1));
      hunk.after.push(line.slice(1));
    }
  }
  return files;
}

function placesOf(lines: readonly string[], wanted: readonly string[]): number[] {
  return lines.flatMap((_, at) =>
    wanted.every((line, offset) => lines[at + offset] === line) ? [at] : []
  );
}
