/** Names that only the cluster knows, for completions: asked for a second, and without a word where nobody answers. */
import { LinkClosed, RequestFailed, WireError } from "../wire/errors.ts";
import { Trouble } from "../runtime/errors.ts";
import { type ClusterStatus, nameOf, shortId } from "./cluster_status.ts";
import type { Candidate } from "./completion_words.ts";
import { clusterStatus } from "./status_source.ts";
import { withDaemon } from "./daemon_choice.ts";
import type { JoinToken } from "./token_text.ts";

/** Nobody waits longer for a list after a tabulator, in milliseconds. */
const PATIENCE = 1000;

/** Names of one kind: `node`, `actor`, `group`, `job`, `token`. */
export async function liveValues(kind: string): Promise<Candidate[]> {
  try {
    if (kind === "token") return await joinTokens();
    return namesIn(await clusterStatus(undefined, { timeout: PATIENCE, quiet: true }), kind);
  } catch (error) {
    // No node here, or no answer: there is nothing to offer.
    const known = [Trouble, RequestFailed, LinkClosed, WireError, DOMException];
    if (known.some((one) => error instanceof one)) return [];
    throw error;
  }
}

/** What a picture of the cluster offers for one kind. */
export function namesIn(status: ClusterStatus, kind: string): Candidate[] {
  switch (kind) {
    case "node":
      return status.nodes.filter(({ alive }) => alive).map((node) => ({
        word: nameOf(node) ?? shortId(node.node_id),
        text: `${node.ip}${node.is_head ? ", head" : ""}`,
      }));
    case "actor":
      return status.actors.filter(({ state }) => state !== "DEAD").map((actor) => ({
        word: actor.name || shortId(actor.actor_id),
        text: `${actor.class_name} on ${actor.node_ip || "no node yet"}`,
      }));
    case "group":
      return status.groups.filter(({ state }) => state !== "REMOVED").map((group) => ({
        word: shortId(group.pg_id),
        text: `${group.name || group.strategy}, ${group.state}`,
      }));
    case "job":
      return status.submissions.map((job) => ({
        word: job.submission_id ?? job.job_id ?? "",
        text: `${job.status}: ${job.entrypoint}`.replace(/\s+/g, " ").slice(0, 60),
      })).filter(({ word }) => word !== "");
    default:
      return [];
  }
}

async function joinTokens(): Promise<Candidate[]> {
  return await withDaemon({ anyNode: true }, async (link) => {
    const signal = AbortSignal.timeout(PATIENCE);
    const { fields } = await link.request({ kind: "token.list" }, { signal });
    return (fields.tokens as JoinToken[]).map(({ id, name }) => ({ word: name ?? id, text: id }));
  });
}
