/** What a driver asks for when it makes an actor: every second one has a GPU, every tenth a name. */
import { randomBytes } from "node:crypto";
import type { Message } from "../../lib/wire/messages.ts";
import { UNIT } from "./pretended_node.ts";

/** The `at`-th actor of a job. */
export function pretendedActor(
  job_id: string,
  at: number,
  more: Partial<Message<"actor.create">> = {},
): Message<"actor.create"> {
  return {
    kind: "actor.create",
    actor_id: randomBytes(12).toString("hex") + job_id,
    class_name: at % 2 ? "RolloutWorker" : "TrainerWorker",
    name: at % 10 ? "" : `worker_${at}`,
    place: { CPU: UNIT, ...(at % 2 && { GPU: UNIT }) },
    run: { CPU: UNIT, ...(at % 2 && { GPU: UNIT }) },
    max_restarts: 0,
    detached: false,
    python: "3.11.7",
    meta: randomBytes(300),
    ...more,
  };
}
