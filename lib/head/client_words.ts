/** What processes say without wanting an answer, passed on by their daemons. */
import { ProtocolError } from "../wire/errors.ts";
import type { Fields } from "../wire/messages.ts";
import { NotYours } from "./own.ts";
import type { HeadState } from "./state.ts";

/**
 * Takes a `client.said` of a node.
 * @throws {ProtocolError} for a message that nobody may say so
 * @throws {NotYours} for the words of another node's worker
 */
export function takeWord(
  state: HeadState,
  node_id: string,
  { client, message, process }: Fields<"client.said">,
  body: Uint8Array,
): void {
  const { tasks, metrics, workers } = state;
  const textOf = (name: string) => typeof process[name] === "string" ? process[name] : "";
  const worker_id = textOf("worker_id");
  const of = workers.get(worker_id);
  if (of !== undefined && of.node_id !== node_id) {
    throw new NotYours(`\`${message["kind"]}\` of worker ${worker_id}: it runs on another node`);
  }
  switch (message["kind"]) {
    case "task.events": {
      const numberOf = (name: string) => {
        const value = message[name];
        return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : 0;
      };
      return tasks.add(
        worker_id,
        { count: numberOf("count"), dropped: numberOf("dropped") },
        body,
      );
    }
    case "metrics.report":
      return metrics.report({ node_id, client, worker_id, job_id: textOf("job_id") }, body);
  }
  throw new ProtocolError(`Cannot take \`${message["kind"]}\`: it is not said like this`);
}
