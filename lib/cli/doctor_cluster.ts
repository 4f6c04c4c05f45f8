/** Has the head examine the cluster, for `beam doctor --cluster`. */
import type { ClusterExamination, Progress } from "../head/doctor.ts";
import { LinkClosed } from "../wire/errors.ts";
import { fieldsOf } from "../wire/link.ts";
import { chooseDaemon, linkTo } from "./daemon_choice.ts";
import { whileAway } from "./head_away.ts";
import { inTime } from "./patience.ts";

/** How long an examination of many nodes may take, in milliseconds. */
export const CLUSTER_PATIENCE = 120_000;
/** How long the head may say nothing before it is taken to be away: the first progress comes at once. */
const FIRST_WORD = 5000;

/**
 * What the head finds, asked by a node of this machine.
 * @param onProgress is called as nodes answer
 * @throws {Trouble} where there is no node here, or its head is away or does not answer in time
 */
export async function examineCluster(
  onProgress: (progress: Progress) => void,
  patience = CLUSTER_PATIENCE,
): Promise<ClusterExamination> {
  const silent = new AbortController();
  const timer = setTimeout(
    () => silent.abort(new DOMException("no answer", "TimeoutError")),
    FIRST_WORD,
  );
  const link = await linkTo(await chooseDaemon({ anyNode: true }), (received) => {
    if (received.message.kind !== "doctor.progress") return;
    clearTimeout(timer);
    onProgress(fieldsOf(received, "doctor.progress"));
  });
  try {
    const signal = AbortSignal.any([silent.signal, AbortSignal.timeout(patience)]);
    const { body } = await link.request({ kind: "query.doctor", progress: true }, { signal });
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw await whileAway(link, inTime(error, silent.signal.aborted ? FIRST_WORD : patience));
  } finally {
    clearTimeout(timer);
    link.close(new LinkClosed("done"));
  }
}

/** `Asking nodes: 5 of 8 answers.` */
export function progressText({ done, total }: Progress): string {
  return `Asking nodes: ${done} of ${total} answers.`;
}
