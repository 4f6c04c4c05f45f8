/**
 * Keeps a thread for files. The runtime reads and writes them on threads that it gives back after 10 s
 * without work, and ends the process where it has none and may make none: a node with all its workers,
 * because a container's processes were used up. While there is one, what waits waits for that.
 */

/** How often it is given work, in milliseconds. */
const INTERVAL = 3000;

/** Begins now; lets the process end. */
export function keepFileThread(): Disposable {
  const timer = setInterval(() => void Deno.lstat("/").catch(() => {}), INTERVAL);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
