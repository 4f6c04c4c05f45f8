/** What starts worker processes: a template that forks them, or the starter of job supervisors. */
import type { Fields } from "../wire/messages.ts";

/** See the top of this file. */
export interface WorkerSource {
  /** Its own process; 0 where it has none. */
  readonly pid: number;
  /** It can start a process now. */
  readonly isReady: boolean;
  /** Resolves when it can; rejects with {@link RequestFailed} where it never will. */
  readonly ready: Promise<void>;
  /** Its interpreter's version; empty where the process may be any program. */
  readonly python: string;
  /** Exits that arrived before the answer to their fork was looked at: wait statuses by pid. */
  readonly unclaimed: Map<number, number>;
  /** How its process ended, once it has. */
  readonly end: string | undefined;
  /** Starts a process; its pid. @throws {LinkClosed} where the source ends first. */
  fork(fields: Fields<"fork">): Promise<number>;
  /** Ends it at once, and what it started. */
  kill(): void;
}
