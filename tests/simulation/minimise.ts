/** Delta debugging: the few items of a list that still make something fail. */

/**
 * Leaves out as much as can be left out, in ever smaller pieces, until no single item can.
 *
 * @param items what fails as a whole
 * @param fails whether a part of it, in the same order, still fails
 * @param most how often to try
 */
export async function minimise<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => boolean | Promise<boolean>,
  most = 2000,
): Promise<readonly T[]> {
  let left = items;
  let tries = 0;
  let size = Math.max(1, Math.ceil(left.length / 2));
  while (left.length > 0) {
    let smaller = false;
    // From the end: what happened last is least likely to be needed by what is kept.
    for (let end = left.length; end > 0 && tries < most; end -= size) {
      const part = [...left.slice(0, Math.max(0, end - size)), ...left.slice(end)];
      tries += 1;
      if (!(await fails(part))) continue;
      left = part;
      smaller = true;
    }
    if (tries >= most || (!smaller && size === 1)) return left;
    if (!smaller) size = Math.ceil(size / 2);
    size = Math.max(1, Math.min(size, left.length));
  }
  return left;
}
