/** Which C library an executable needs, read from the executable itself. */

/**
 * The newest version of glibc whose symbols `elf` asks for: `[2, 27]`.
 *
 * @throws {Error} where it names none
 */
export function neededGlibc(elf: Uint8Array): [major: number, minor: number] {
  let newest: [number, number] | undefined;
  // The names of symbol versions are plain text in the string table of the dynamic section.
  const text = new TextDecoder("latin1").decode(elf);
  for (const [, major, minor] of text.matchAll(/\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)/g)) {
    const version: [number, number] = [Number(major), Number(minor)];
    if (newest === undefined || isNewer(version, newest)) newest = version;
  }
  if (newest === undefined) {
    throw new Error("Cannot tell which glibc this needs: it must name versions of its symbols.");
  }
  return newest;
}

function isNewer([aMajor, aMinor]: [number, number], [bMajor, bMinor]: [number, number]): boolean {
  return aMajor > bMajor || (aMajor === bMajor && aMinor > bMinor);
}
