/** Taking nodes out: `node.drain`, and what there is on a node. */
import { actorText } from "../cluster/actors.ts";
import { groupText } from "../cluster/groups.ts";
import { jobText } from "../cluster/jobs.ts";
import type { NodeRecord } from "../cluster/node.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Fields, Message, Reply } from "../wire/messages.ts";
import type { Answer, HeadState } from "./state.ts";

/** `node.drain`: decided when answered. Sent again, it is the same. */
export function drainNode(
  state: HeadState,
  { node, undo, evict }: Message<"node.drain">,
  answer: Answer,
): void {
  const { node_id, ip } = livingNode(state, node);
  state.shell.step({
    kind: "node.drain",
    node_id,
    ...(undo === true && { undo }),
    ...(evict === true && { evict }),
  });
  const what = undo ? "takes work again" : evict ? "is emptied" : "takes no new work";
  state.log.write("info", `node ${node_id} (${ip}) ${what}: \`beam drain\``);
  answer.give({});
}

/** `query.work`. */
export function workOf(state: HeadState, fields: Fields<"query.work">): Reply<"query.work"> {
  const { node_id, ip, state: nodeState } = livingNode(state, fields.node);
  const { books } = state.brain;
  const actors: string[] = [];
  let tasks = 0;
  for (const actor of books.actors.values()) {
    const here = actor.node_id === node_id && actor.grant !== undefined;
    const ending = actor.leaving.some((leaving) => leaving.node_id === node_id);
    if (!here && !ending) continue;
    if (actor.kind === "task") tasks += 1;
    else actors.push(here ? actorText(actor) : `${actorText(actor)}, which is ending`);
  }
  const groups = [...books.groups.values()]
    .filter((group) => group.state !== "REMOVED" && group.nodes.includes(node_id));
  const drivers = [...books.jobs.values()]
    .filter((job) =>
      job.node_id === node_id && job.state === "running" && job.parent_actor === undefined
    );
  return {
    state: nodeState,
    actors,
    tasks,
    groups: groups.map(groupText),
    drivers: drivers.map((job) => jobText(job, ip)),
    values: state.objects.useOf(node_id)?.objects ?? 0,
  };
}

/** @throws {RequestFailed} where there is none of this id, or it is dead */
export function livingNode({ brain }: HeadState, node_id: string): NodeRecord {
  const node = brain.node(node_id);
  if (node && node.state !== "dead") return node;
  throw new RequestFailed(
    "node_gone",
    `Cannot find the node ${node_id.slice(0, 12)}: ${
      node ? `it is dead (${node.death?.message ?? "it was lost"})` : "the cluster has none like it"
    }`,
    "`beam nodes` lists those that are there.",
  );
}
