/**
 * What is known about the end of a worker process (or of an actor that never got one).
 *
 * The field names travel over the wire and into Python's exceptions unchanged, hence snake_case.
 */

/** Why something ended; `message` says it in words. */
export type DeathKind =
  /** The process ended by itself, see `exit_code`. */
  | "exit"
  /** The process was ended by a signal that beam did not send. */
  | "signal"
  /** Somebody asked for it (`ray.kill`, `beam down`). */
  | "killed"
  /** `__init__` raised; never restarted. */
  | "init"
  /** Its runtime environment could not be set up; never restarted. */
  | "environment"
  /** No worker process could be started for it, or no node may ever hold it. */
  | "start"
  /** Its node was lost or left. */
  | "node"
  /** The job or actor that owned it ended. */
  | "owner"
  /** Its placement group was removed. */
  | "group"
  /** The head's books and the node's differ after one of them restarted. */
  | "head";

/** The report that accompanies every death, from the daemon or from the brain. */
export interface DeathReport {
  kind: DeathKind;
  /** One sentence that says what happened. */
  message: string;
  /** One sentence that says what to do about it. */
  mend?: string;
  /** No node may ever hold it. */
  unschedulable?: boolean;
  /** Its node was taken away: what that interrupted may be done again at no cost. */
  preempted?: boolean;
  /** Its `__init__` had not returned: none of the calls that it was sent has begun. */
  unbegun?: boolean;
  exit_code?: number;
  /** Name such as `SIGKILL`. */
  signal?: string;
  stderr_tail?: string[];
  traceback?: string;
  node_id?: string;
  node_ip?: string;
  pid?: number;
  devices?: string[];
  uptime_ms?: number;
  /** Milliseconds since the epoch. */
  at?: number;
  /** Who died, in words: `actor Worker (ab12cd34…)`, `node 10.0.0.2 (ab12…)`. */
  who?: string;
  /** Those who may pull each other down share one, see `first_cause.ts`. */
  crew?: string;
  /** Its last words say that it lost another process that it worked with. */
  peer_lost?: boolean;
  /** The death that came first, in words: `node 10.0.0.2 (ab12…)`, `job 01000000`, … */
  caused_by?: string;
  /** The sentence of that first death's report. */
  cause_message?: string;
  /** Where the pickled exception of `__init__` can be fetched; opaque here. */
  error_body_ref?: string;
}

/** The cause in one sentence: of a death that followed, the first one's. */
export function causeText(report: DeathReport): string {
  if (!report.caused_by) return report.message;
  return `followed ${report.caused_by}${report.cause_message ? `: ${report.cause_message}` : ""}`;
}

/** Most characters of a report's sentence, and of its traceback: an exception may say megabytes. */
const MOST_MESSAGE = 16 * 1024;
const MOST_TRACEBACK = 32 * 1024;
/** The same of a sentence where there are too many reports to tell all. */
const BRIEF_MESSAGE = 1024;

/** Words that can be looked through, kept, shown and sent a thousand times over. */
export function bounded<T extends { message: string; traceback?: string }>(words: T): T {
  const { message, traceback } = words;
  return {
    ...words,
    message: shortened(message, MOST_MESSAGE),
    ...(traceback !== undefined && { traceback: shortened(traceback, MOST_TRACEBACK) }),
  };
}

/** The sentence, without what the process printed. */
export function brief({ stderr_tail: _, traceback: _text, ...report }: DeathReport): DeathReport {
  return { ...report, message: shortened(report.message, BRIEF_MESSAGE) };
}

/** Without its middle where it is long: how it begins and ends tells most. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const left = text.length - most;
  return `${text.slice(0, most / 2)} … ${left} characters left out … ${text.slice(-most / 2)}`;
}
