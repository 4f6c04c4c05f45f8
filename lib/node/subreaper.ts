/**
 * Orphans of this node: processes that a template or worker left behind become the daemon's children
 * (it is their reaper) and are ended here.
 */
import type { Libc } from "./libc.ts";
import { childrenOf, isTracker } from "./proc.ts";

/** What a sweep needs. */
export interface SubreaperOptions {
  libc: Pick<Libc, "reap"> | undefined;
  /** Children that are meant to live: the head, the templates. */
  own(): number[];
  children?: (pid: number) => number[];
}

/** See the top of this file. */
export class Subreaper {
  constructor(readonly options: SubreaperOptions) {}

  /**
   * Kills every child that is none of the daemon's own, and its children after it, until none is
   * left or `patience` milliseconds are over. Resource trackers of Python's `multiprocessing` have most
   * of that to end by themselves: they take away the named shared memory of those who are dead.
   * @returns the wait statuses by pid
   */
  async sweep(patience = 4000): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    const { libc } = this.options;
    const children = this.options.children ?? childrenOf;
    if (!libc) return statuses;
    const until = Date.now() + patience;
    const spared = (pid: number) => Date.now() < until - patience / 4 && isTracker(pid);
    for (let pause = 1;; pause = Math.min(pause * 2, 50)) {
      const own = new Set(this.options.own());
      const orphans = children(Deno.pid).filter((pid) => !own.has(pid));
      for (const pid of orphans) {
        const status = spared(pid) ? libc.reap(pid) : end(pid, libc);
        if (status !== undefined) statuses.set(pid, status);
      }
      if (orphans.length === 0 || Date.now() > until) return statuses;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

function end(pid: number, libc: Pick<Libc, "reap">): number | undefined {
  // One that has ended already tells how: it must not be asked after our own signal.
  const before = libc.reap(pid);
  if (before !== undefined) return before;
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* gone */ }
  return libc.reap(pid);
}
