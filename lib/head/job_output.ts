/** A submitted job's output, read from the node where it ran. */
import { LinkClosed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { HeadState } from "./state.ts";
import { hasEnded, type Submission } from "./submission.ts";

/** Bytes asked for at a time. */
const PART = 256 * 1024;
/** How long a node waits for something new before it answers, in milliseconds. */
const WAIT_MS = 5000;
/** How long to wait for the link of a node that is away, in milliseconds. */
const AWAY_MS = 200;

/** Whose output, and how. */
export interface JobOutputOptions {
  submission_id: string;
  follow: boolean;
  signal: AbortSignal;
  /** The submission as it is now; undefined once it was deleted. */
  find(): Submission | undefined;
  /** Settles when it changes, the signal aborts, or so many milliseconds have passed. */
  changed(signal: AbortSignal, ms: number): Promise<void>;
}

/** Text as it was written, in parts; ends with the job, or where there is no more and none is waited for. */
export async function* jobOutput(
  state: HeadState,
  options: JobOutputOptions,
): AsyncGenerator<string, void, void> {
  const { submission_id, follow, signal, find, changed } = options;
  const decoder = new TextDecoder();
  for (let offset = 0; !signal.aborted;) {
    const submission = find();
    if (!submission) return;
    const link = logLink(state, submission);
    if (!link) {
      if (!follow || hasEnded(submission)) return;
      // Not placed yet, or its node is away: whatever comes first.
      await changed(signal, AWAY_MS);
      continue;
    }
    const wait_ms = follow && !hasEnded(submission) ? WAIT_MS : 0;
    const part = await readPart(link, { submission_id, offset, most: PART, wait_ms });
    if (!part) {
      if (!follow) return;
      await pause(state, AWAY_MS);
      continue;
    }
    // A log that has become too long was cut: what is left of it follows.
    offset = part.offset + part.bytes.length;
    const text = decoder.decode(part.bytes, { stream: true });
    if (text !== "") yield text;
    if (part.bytes.length > 0 || part.running) {
      if (follow || part.bytes.length > 0) continue;
      return;
    }
    // The node has no more; the news of the end may still be on its way here.
    const now = find();
    if (!follow || !now || hasEnded(now)) return;
    await changed(signal, AWAY_MS);
  }
}

async function readPart(
  link: Link,
  question: { submission_id: string; offset: number; most: number; wait_ms: number },
): Promise<{ bytes: Uint8Array; offset: number; running: boolean } | undefined> {
  try {
    const { fields, body } = await link.request({ kind: "submission.log", ...question });
    const { running, offset = question.offset } = fields;
    return { bytes: body, offset, running };
  } catch (error) {
    if (error instanceof LinkClosed) return undefined;
    throw error;
  }
}

/** The link to who has the log: its node, or the one that was started in that one's place. */
function logLink(state: HeadState, { driver_node_id }: Submission): Link | undefined {
  if (driver_node_id === undefined) return undefined;
  const own = state.nodes.get(driver_node_id);
  if (own) return own;
  const former = state.brain.node(driver_node_id);
  for (const node of state.brain.books.nodes.values()) {
    if (former && node.ip === former.ip && runtimeOf(node) === runtimeOf(former)) {
      const link = state.nodes.get(node.node_id);
      if (link) return link;
    }
  }
  return undefined;
}

function runtimeOf({ extra }: { extra?: unknown }): unknown {
  return (extra as { runtime_dir?: unknown } | undefined)?.runtime_dir;
}

function pause({ clock }: HeadState, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
