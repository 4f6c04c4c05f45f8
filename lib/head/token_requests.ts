/** `beam token …`, as the head answers it. */
import { nodeText } from "../cluster/node.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Message, Reply } from "../wire/messages.ts";
import { livingNode } from "./drain_requests.ts";
import { type Answer, type Asker, type HeadState, takesNewWork } from "./state.ts";
import type { TokenChange } from "./token_handover.ts";

/** `token.create`: what its daemon makes the text from. */
export function createToken(
  state: HeadState,
  asker: Asker,
  wanted: Message<"token.create">,
  answer: Answer,
): void {
  mayManage(state, asker);
  takesNewWork(state);
  const now = state.clock.now();
  const row = state.tokens.create(wanted, now);
  const text = `join token ${row.name || row.id} was made`;
  // Asked for again, it has been told of.
  if (row.created === now) state.events.add({ kind: "token.created", severity: "info", text });
  written(state);
  const { id: _, ...reply } = row;
  answer.give(reply);
}

/** `token.list`. */
export function listTokens(state: HeadState, asker: Asker, answer: Answer): void {
  mayManage(state, asker);
  const now = state.clock.now();
  const reply: Reply<"token.list"> = {
    tokens: state.tokens.list(now),
    former_ms: state.keys.graceLeft(now),
  };
  answer.give(reply);
}

/** `token.revoke`. */
export function revokeToken(
  state: HeadState,
  asker: Asker,
  { token }: Message<"token.revoke">,
  answer: Answer,
): void {
  mayManage(state, asker);
  takesNewWork(state);
  const revoked = state.tokens.revoke(token, state.clock.now());
  const text = `join token ${revoked.name || revoked.id} was revoked`;
  state.events.add({ kind: "token.revoked", severity: "info", text });
  written(state);
  answer.give({ token: revoked });
}

/** `token.rotate` and `token.put_out`: answered when the nodes have the new one. */
export async function rotateToken(
  state: HeadState,
  asker: Asker,
  change: TokenChange,
  answer: Answer,
): Promise<void> {
  try {
    mayManage(state, asker);
    takesNewWork(state);
    const { without = [] } = change;
    // What is asked again has been looked at.
    if (state.keys.change !== change.change) mayPutOut(state, asker, without);
    const changing = state.handover.change(change);
    written(state);
    const changed = await changing;
    state.log.write(
      "info",
      `the cluster's token was changed; ${changed.told.length} nodes have it`,
    );
    const { told, missing } = changed;
    const names = without.map((node_id) => {
      const node = state.brain.node(node_id);
      return node ? nodeText(node) : node_id.slice(0, 12);
    });
    const out = names.length === 0 ? "" : `, ${names.join(", ")} put out`;
    const late = missing.length === 0 ? "" : `, ${missing.length} do not have it yet`;
    state.events.add({
      kind: "token.rotated",
      severity: missing.length === 0 ? "info" : "warning",
      text: `the cluster's token was changed: ${told.length} nodes have the new one${out}${late}`,
    });
    answer.give({ ...changed });
  } catch (error) {
    answer.refuse(error);
  }
}

/** @throws {RequestFailed} for a node that is not there, or without which the change cannot be made */
function mayPutOut(state: HeadState, asker: Asker, without: readonly string[]): void {
  for (const node_id of without) {
    const node = livingNode(state, node_id);
    const why = node.is_head
      ? "it is the head's own"
      : node_id === asker.node_id
      ? "it is the node that asks"
      : undefined;
    if (why === undefined) continue;
    throw new RequestFailed(
      "bad_request",
      `Cannot put out the node ${nodeText(node)}: ${why}`,
      node.is_head
        ? "Who does not trust the head's machine has to end the cluster there and start another elsewhere."
        : "Run it on the head's machine.",
    );
  }
}

/** @throws {RequestFailed} for a machine that was let in by a join token only */
function mayManage(state: HeadState, { node_id }: Asker): void {
  if (state.nodes.joinedBy(node_id) === undefined) return;
  throw new RequestFailed(
    "join_token",
    "Cannot manage tokens from this machine: it joined by a join token",
    "Run it on the head's machine, or on one that joined by the cluster's own token.",
  );
}

function written({ shell: { journal } }: HeadState): void {
  journal.flush();
}
