/** Placement groups. */
import type { Amounts } from "./amounts.ts";
import type { Owner } from "./actors.ts";
import type { Grant } from "./ledger.ts";

/** - `PACK`: as few nodes as possible, `SPREAD`: as many; the strict ones exactly one, all distinct. */
export type GroupStrategy = "PACK" | "SPREAD" | "STRICT_PACK" | "STRICT_SPREAD";

/** Ray's words. */
export type GroupState = "PENDING" | "CREATED" | "REMOVED" | "RESCHEDULING";

/** What the creator asks for. */
export interface GroupSpec {
  /** 36 hex digits: 28 chosen by the creator and its job's id. */
  pg_id: string;
  job_id: string;
  owner: Owner;
  name: string;
  strategy: GroupStrategy;
  bundles: Amounts[];
  /** Outlives its owner. */
  detached: boolean;
  /** Label selectors per bundle, see `SchedulingStrategy`; may be shorter than `bundles`. */
  selectors?: Record<string, string>[];
  /** Whatever the shell wants kept beside it; never read here. */
  extra?: unknown;
}

/** A placement group in the books. */
export interface GroupRecord extends GroupSpec {
  state: GroupState;
  /** Place in the queue of pending requests. */
  seq: number;
  requested_at: number;
  /** Since when it waits in its present state. */
  since: number;
  /** When it was first created whole. */
  created_at?: number;
  removed_at?: number;
  /** Node id per bundle, empty where it has none. */
  nodes: string[];
  /** What each bundle holds on its node; kept after removal until its last worker is gone. */
  grants: (Grant | null)[];
  /** How often a place was looked for. */
  attempts: number;
  warned_at?: number;
}

/** `placement group dp_rank_1 (ab12cd34…)` for messages. */
export function groupText(group: GroupSpec): string {
  const short = `${group.pg_id.slice(0, 8)}…`;
  return group.name === ""
    ? `placement group ${short}`
    : `placement group ${group.name} (${short})`;
}
