/** What processes ask about placement groups. */
import { RequestFailed } from "../wire/errors.ts";
import type { Message } from "../wire/messages.ts";
import { groupSpecOf } from "./actor_spec.ts";
import { type Answer, type Asker, type HeadState, takesNewWork, UNHEARD_MS } from "./state.ts";

/** `group.create`: answered when it is registered. Sent again, it is the same group. */
export function createGroup(
  state: HeadState,
  asker: Asker,
  message: Message<"group.create">,
  answer: Answer,
): void {
  if (state.brain.group(message.pg_id)) return answer.give({});
  const group = groupSpecOf(asker, message);
  takesNewWork(state);
  const rejected = state.shell.step({ kind: "group.create", group })
    .find((effect) => effect.kind === "group.rejected");
  if (!rejected) return answer.give({});
  answer.refuse(new RequestFailed(rejected.code, rejected.message));
}

/** `group.wait`: answered when it is whole or gone. */
export function waitForGroup(
  state: HeadState,
  asker: Asker,
  { pg_id }: Message<"group.wait">,
  answer: Answer,
): void {
  const check = () => {
    const group = state.brain.group(pg_id);
    if (group?.state !== "CREATED" && group?.state !== "REMOVED") return false;
    answer.give({ state: group.state });
    return true;
  };
  const question = { subject: `group/${pg_id}`, owner: asker.link, check };
  if (state.brain.group(pg_id)) return state.shell.waiting.ask(question);
  // Another process than the creator may ask before the head has heard of it.
  const late = () =>
    state.brain.group(pg_id)
      ? state.shell.waiting.ask(question)
      : answer.give({ state: "REMOVED" });
  state.shell.waiting.ask({ ...question, late: { ms: UNHEARD_MS, answer: late } });
}

/** `group.remove`: who is gone already stays so. */
export function removeGroup(
  state: HeadState,
  { pg_id }: Message<"group.remove">,
  answer: Answer,
): void {
  state.shell.step({ kind: "group.remove", pg_id });
  answer.give({});
}
