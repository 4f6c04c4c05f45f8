/** Which nodes have which value of something that should be the same. */
import type { Finding } from "../check.ts";
import { about, type NodePicture } from "./picture.ts";
import { listText } from "../words.ts";

/** The nodes by value, the most frequent first; those without one are left out. */
export function byValue(
  nodes: readonly NodePicture[],
  valueOf: (node: NodePicture) => string | undefined,
): Map<string, NodePicture[]> {
  const values = new Map<string, NodePicture[]>();
  for (const node of nodes) {
    const value = valueOf(node);
    if (value !== undefined) values.set(value, [...values.get(value) ?? [], node]);
  }
  return new Map([...values].sort((a, b) => b[1].length - a[1].length));
}

/** `3.11 on a and b, and 3.12 on c`. */
export function valuesText(values: ReadonlyMap<string, readonly NodePicture[]>): string {
  const parts = [...values].map(([value, nodes]) =>
    `${value} on ${listText(nodes.map(({ name }) => name), 3)}`
  );
  return parts.length < 2
    ? parts.join("")
    : `${parts.slice(0, -1).join(", ")}, and ${parts.at(-1)}`;
}

/** The nodes that have another value than most. */
export function oddOnes(values: ReadonlyMap<string, readonly NodePicture[]>): NodePicture[] {
  return [...values.values()].slice(1).flat();
}

/** With the nodes that have another value than most. */
export function aboutOddOnes(
  values: ReadonlyMap<string, readonly NodePicture[]>,
  found: Finding,
): Finding {
  const odd = oddOnes(values);
  return odd.length === 1
    ? about(odd[0]!, found)
    : { ...found, node: listText(odd.map(({ name }) => name)) };
}
