/** Which pairs of nodes the doctor tries: all of a small cluster, of a large one as many as tell enough. */

/** Up to so many nodes every pair is tried. */
export const ALL_PAIRS = 32;
/** Of a larger cluster each node dials so many others by chance, besides its neighbours and the head's node. */
const CHANCE = 6;

/** What is tried. */
export interface PairPlan {
  /** Who dials whom; no pair twice. */
  pairs: [from: string, to: string][];
  /** True where it is every pair. */
  whole: boolean;
}

/**
 * Plans it. Of a large cluster: a ring in the order given, both ways; the head's node with every other, both
 * ways; and some by chance, the same ones for the same `seed`.
 */
export function planPairs(
  nodes: readonly string[],
  options: { head?: string | undefined; seed: number; all?: number },
): PairPlan {
  const { head, seed, all = ALL_PAIRS } = options;
  if (nodes.length <= all) {
    const pairs = nodes.flatMap((from, at) =>
      // From the next one on, so that not all dial the same node at first.
      [...nodes.slice(at + 1), ...nodes.slice(0, at)].map((to): [string, string] => [from, to])
    );
    return { pairs, whole: true };
  }
  const planned = new Map<string, Set<string>>(nodes.map((node) => [node, new Set()]));
  const add = (from: string, to: string) => {
    if (from !== to) planned.get(from)!.add(to);
  };
  const random = chance(seed);
  for (const [at, node] of nodes.entries()) {
    const next = nodes[(at + 1) % nodes.length]!;
    add(node, next);
    add(next, node);
    for (let count = 0; count < CHANCE; count++) {
      add(node, nodes[Math.floor(random() * nodes.length)]!);
    }
  }
  if (head !== undefined && planned.has(head)) {
    for (const node of nodes) {
      add(node, head);
      add(head, node);
    }
  }
  const pairs = [...planned].flatMap(([from, tos]) =>
    [...tos].map((to): [string, string] => [from, to])
  );
  return { pairs, whole: false };
}

/** Numbers from 0 up to 1 (mulberry32): the same for the same seed, so that a run can be repeated. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
