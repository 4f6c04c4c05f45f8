/**
 * What each command prints with `--json`. The schemas in `docs/json/` and the tables in `docs/json.md` are made
 * from these types by `scripts/json_schemas`; a field that is here stays, and keeps its meaning.
 */
import type { DeathRecord } from "../cluster/deaths.ts";
import type { Finding } from "../doctor/check.ts";
import type { Facts } from "../doctor/facts.ts";
import type { ClusterExamination } from "../head/doctor.ts";
import type { ClusterEvent } from "../head/event_log.ts";
import type { ClusterStacks } from "../head/node_questions.ts";
import type { ActorView, ClusterStatus, GroupView, NodeView } from "./cluster_status.ts";
import type { ShownSetting } from "./config.ts";
import type { Finding as ConfigFinding } from "./config_checks.ts";
import type { JobRow } from "./jobs.ts";
import type { JoinTrial } from "./join_trial.ts";
import type { FoundLog } from "./log_source.ts";
import type { TopNode } from "./top_text.ts";
import type { Present } from "./wait.ts";

/** `beam status --json`; with `--watch` one of these a line. */
export type StatusOutput = ClusterStatus;

/** `beam nodes --json`. */
export type NodesOutput = NodeView[];

/** `beam actors --json`. */
export type ActorsOutput = ActorView[];

/** `beam actors --dead --json`: the first death of a group before those that followed from it. */
export type DeathsOutput = DeathRecord[];

/** `beam pgs --json`. */
export type GroupsOutput = (GroupView & {
  /** Why it waits, in words; null where it does not. */
  why: string | null;
})[];

/** `beam jobs --json`. */
export type JobsOutput = JobRow[];

/** `beam events --json`; with `--follow` one event a line. */
export type EventsOutput = ClusterEvent[];

/** `beam logs --json`. */
export type LogsOutput = FoundLog[];

/** `beam top --json`. */
export type TopOutput = TopNode[];

/** `beam stack --json`. */
export type StackOutput = ClusterStacks["nodes"];

/** `beam wait --json`: what is there. */
export type WaitOutput = Present;

/** `beam doctor --json`, with `--join` too. */
export interface DoctorOutput {
  /** The worst first. */
  findings: Finding[];
  /** Everything that was read of this machine. */
  facts: Facts;
  /** With `--join`: how each step of a join went. */
  join?: JoinTrial;
}

/** `beam doctor --cluster --json`. */
export type DoctorClusterOutput = ClusterExamination;

/** `beam config --json`. */
export interface ConfigOutput {
  /** The configuration file; null where there is none. */
  file: string | null;
  /** Where one was looked for, where there is none. */
  looked_for: string[];
  settings: ShownSetting[];
}

/** `beam validate --json`. */
export interface ValidateOutput {
  file: string;
  /** False where a finding is an error; the exit code is 1 then. */
  valid: boolean;
  findings: ConfigFinding[];
}

/** `beam uninstall --json`. */
export interface UninstallOutput {
  removed: {
    path: string;
    /** What it was, in words. */
    what: string;
  }[];
}

/** `beam debug --json`. */
export interface DebugOutput {
  /** Where the bundle is. */
  path: string;
  /** Its size. */
  bytes: number;
  /** How many values were taken out. */
  removed: number;
  files: {
    name: string;
    /** In characters. */
    length: number;
  }[];
}
