/** Nodes and actors by what people call them. */
import { Trouble } from "../runtime/errors.ts";
import { type ActorView, type ClusterStatus, nameOf, type NodeView } from "./cluster_status.ts";

/**
 * The one node of this address, host, name or id (whole or its first letters); of those that are dead
 * only where no living one fits.
 * @throws {Trouble} where none or several fit.
 */
export function findNode({ nodes }: Pick<ClusterStatus, "nodes">, wanted: string): NodeView {
  const fits = (node: NodeView) =>
    node.ip === wanted || node.hostname === wanted || nameOf(node) === wanted ||
    node.aliases.includes(wanted) || (wanted.length >= 4 && node.node_id.startsWith(wanted));
  const all = nodes.filter(fits);
  const alive = all.filter((node) => node.alive);
  const found = alive.length > 0 ? alive : all.slice(-1);
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new Trouble(
      `Cannot tell which node ${wanted} is: no node has this address, host, name or id`,
      "`beam nodes --all` lists them.",
      { code: "no_node" },
    );
  }
  throw new Trouble(
    `Cannot tell which node ${wanted} is: ${found.length} fit: ${
      found.map(({ ip, node_id }) => `${ip} (${node_id.slice(0, 12)})`).join(", ")
    }`,
    "Name it by its id.",
    { code: "several" },
  );
}

/** Actors of this name, class or id (whole or its first letters): the living ones, else the dead. */
export function findActors({ actors }: Pick<ClusterStatus, "actors">, wanted: string): ActorView[] {
  const isId = /^[0-9a-f]{4,32}$/.test(wanted);
  const all = actors.filter((actor) =>
    actor.name === wanted || actor.class_name === wanted ||
    (isId && actor.actor_id.startsWith(wanted))
  );
  const living = all.filter(({ state }) => state !== "DEAD");
  return living.length > 0 ? living : all;
}
