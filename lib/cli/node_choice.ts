/** Which node of the cluster a person means. */
import { Trouble } from "../runtime/errors.ts";
import { nameOf, type NodeView, shortId } from "./cluster_status.ts";

/** Fewer letters of an id than this name no node. */
const LEAST_PREFIX = 4;

/**
 * The living node called `text`: by its id or the first letters of it, an address, its name or host.
 * @throws {Trouble} where there is none, or several.
 */
export function nodeCalled(nodes: readonly NodeView[], text: string): NodeView {
  const found = nodes.filter((node) => node.alive && isCalled(node, text));
  if (found.length === 1) return found[0]!;
  const living = (found.length === 0 ? nodes.filter((node) => node.alive) : found)
    .map((node) => `${node.ip} (${shortId(node.node_id)})`).join(", ");
  if (found.length > 1) {
    throw new Trouble(
      `Cannot tell which node is meant by ${text}: it fits ${living}`,
      "Give more letters of the node's id.",
      { code: "several" },
    );
  }
  const dead = nodes.find((node) => !node.alive && isCalled(node, text));
  throw new Trouble(
    dead
      ? `Cannot use the node ${text}: it is dead (${dead.death?.message ?? "it was lost"})`
      : `Cannot find a node called ${text}: there ${living === "" ? "is none" : `are ${living}`}`,
    "Name it by its id or the beginning of it, its address or its name; `beam nodes` lists them.",
    { code: "no_node" },
  );
}

function isCalled(node: NodeView, text: string): boolean {
  const { node_id, ip, aliases, hostname } = node;
  const isPrefix = text.length >= LEAST_PREFIX && node_id.startsWith(text.toLowerCase());
  return isPrefix || [ip, ...aliases, hostname, nameOf(node)].includes(text);
}
