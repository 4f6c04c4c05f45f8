/**
 * Which of several deaths came first, and which followed from it. Workers that work together (a
 * crew: those of one placement group, else of one job) fail together: one is killed, and within a
 * second the others end because they cannot reach it. Only the first is worth reading.
 *
 * Pure, and the same for a daemon, which sees the deaths of its node first, and for the brain.
 */
import type { DeathReport } from "./death.ts";

/** A death and when it was heard of, in milliseconds. */
export interface Heard {
  report: DeathReport;
  heard_at: number;
}

/** How long after the first one may end that says it lost another, in milliseconds: NCCL waits for minutes. */
const LOST_PEER_MS = 15 * 60_000;
/** The same for one of a placement group that ends without a word of what it lacked. */
const SPEECHLESS_MS = 30_000;
/** Deaths this close to each other are one event. */
export const TOGETHER_MS = 5000;

/** Ends that nobody needs an explanation for: somebody wanted them, and they explain others. */
const ASKED: readonly string[] = ["killed", "owner", "group"];

/** What those are called that may pull each other down. */
export function crewOf({ pg_id, job_id }: { pg_id?: string | undefined; job_id: string }): string {
  return pg_id ? `group ${pg_id}` : `job ${job_id}`;
}

/** True for a death that nobody asked for. */
export function isUnasked(report: DeathReport): boolean {
  return !ASKED.includes(report.kind);
}

/**
 * The first death of the event that `later` belongs to, where it follows from one.
 * @param known others, the oldest first
 */
export function firstOf<T extends Heard>(known: readonly T[], later: Heard): T | undefined {
  const patience = patienceOf(later.report);
  if (patience === 0) return undefined;
  let first: T | undefined;
  for (let at = known.length - 1; at >= 0; at--) {
    const one = known[at]!;
    const until = first?.heard_at ?? later.heard_at;
    const near = first ? TOGETHER_MS : patience;
    if (until - one.heard_at > near) break;
    if (mayLead(one.report, later.report)) first = one;
  }
  return first;
}

/** True where `early` was told before `first` and follows from it all the same: reports overtake each other. */
export function followsBelated(early: Heard, first: Heard, since = first.heard_at - TOGETHER_MS) {
  return early.report.peer_lost === true && early.heard_at >= since &&
    patienceOf(early.report) > 0 && mayLead(first.report, early.report);
}

/** A report that names what came first, with what that one's says to do. */
export function blaming(report: DeathReport, first: DeathReport): DeathReport {
  return {
    ...report,
    ...(first.who !== undefined && { caused_by: first.who }),
    cause_message: first.message,
    ...(first.mend !== undefined && { mend: first.mend }),
  };
}

function mayLead(first: DeathReport, later: DeathReport): boolean {
  return first.crew !== undefined && first.crew === later.crew && first.who !== later.who &&
    first.peer_lost !== true && first.caused_by === undefined;
}

/** How long after the first this death may be and still follow from it; 0: it stands for itself. */
function patienceOf({ kind, crew, signal, exit_code, mend, peer_lost, caused_by }: DeathReport) {
  const itself = kind === "exit" || kind === "signal" || kind === "init" || kind === "start";
  if (!itself || caused_by !== undefined) return 0;
  if (peer_lost) return LOST_PEER_MS;
  if (kind === "init" || crew?.startsWith("group ") !== true) return 0;
  // An abort is what libraries do; an exit without a known cause may be anything.
  const speechless = signal === "SIGABRT" || (!!exit_code && mend === undefined);
  return speechless ? SPEECHLESS_MS : 0;
}
