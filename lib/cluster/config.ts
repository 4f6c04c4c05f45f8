/** The brain's times and limits, in milliseconds. */
export interface BrainConfig {
  /** How often the shell sends `tick`. */
  tick_ms: number;
  /** A longer gap between two ticks means that the head itself was stalled. */
  stall_ms: number;
  /** A node gets nothing new before it has been silent for longer than this. */
  suspect_ms: number;
  /** A node is dead before it has been silent for longer than this. */
  dead_ms: number;
  /** A node whose link ended is dead unless it joins again within this time. */
  reconnect_grace_ms: number;
  /** A restarted head grants nothing until all known nodes are back or this long. */
  restart_hold_ms: number;
  /** An actor may name a placement group this long before the group itself is heard of. */
  unknown_group_ms: number;
  /** When a pending request is first explained to its driver, and how often after that. */
  warn_after_ms: number;
  warn_every_ms: number;
  /** Wait before a worker that could not be started is tried again; doubles up to the longest. */
  start_retry_ms: number;
  start_retry_most_ms: number;
  /** How many ended actors, workers for tasks, groups, jobs and nodes stay listed, of each kind. */
  keep_ended: number;
  /** How many deaths are remembered, see `deaths.ts`. */
  keep_deaths: number;
}

/** What the head uses. */
export const DEFAULT_CONFIG: Readonly<BrainConfig> = {
  tick_ms: 500,
  stall_ms: 2000,
  suspect_ms: 3000,
  dead_ms: 5000,
  reconnect_grace_ms: 2000,
  restart_hold_ms: 10_000,
  unknown_group_ms: 5000,
  warn_after_ms: 5000,
  warn_every_ms: 30_000,
  start_retry_ms: 1000,
  start_retry_most_ms: 30_000,
  keep_ended: 1000,
  keep_deaths: 1000,
};
