/** All that descends from a process, and ways to end it. */
import type { Libc } from "./libc.ts";
import { childrenOf, isTracker } from "./proc.ts";
import { Subreaper } from "./subreaper.ts";

/** How often descendants are looked after while they are waited for, in milliseconds. */
const LOOK_MS = 50;

/** Descendants of `pid`, nearest first; `pid` is not among them. */
export function descendantsOf(pid: number, children = childrenOf): number[] {
  const found: number[] = [];
  const rest = [pid];
  for (let at = rest.shift(); at !== undefined; at = rest.shift()) {
    for (const child of children(at)) {
      if (found.includes(child)) continue;
      found.push(child);
      rest.push(child);
    }
  }
  return found;
}

/** How {@link endDescendants} ends them. */
export interface EndOptions {
  signal: Deno.Signal;
  /** How long they may take, in milliseconds. */
  patience: number;
  /** A child that somebody waits for: its status is not taken here. */
  child: { pid: number; ended: Promise<unknown> };
}

/**
 * Ends this process's descendants: by `signal`, and with SIGKILL those that are there after `patience`
 * milliseconds. Orphans among them must fall to this process (see `Libc.becomeSubreaper`).
 */
export async function endDescendants(
  libc: Pick<Libc, "reap"> | undefined,
  { signal, patience, child }: EndOptions,
): Promise<void> {
  const isThere = (pid: number) => pid === child.pid || libc?.reap(pid) === undefined;
  // Trackers end by themselves after the others; the sweep bounds that.
  const others = () => descendantsOf(Deno.pid).filter((pid) => !isTracker(pid));
  for (const pid of others()) kill(pid, signal);
  const until = Date.now() + patience;
  while (others().filter(isThere).length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  for (const pid of others()) kill(pid, "SIGKILL");
  await child.ended;
  await new Subreaper({ libc, own: () => [] }).sweep();
}

function kill(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch { /* it has ended */ }
}
