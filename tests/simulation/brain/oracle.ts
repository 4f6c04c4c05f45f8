/**
 * Whether a request could be placed, found by trying everything: slow, simple, and written apart
 * from the brain's own search, which it judges.
 */
import type { Amounts } from "../../../lib/cluster/amounts.ts";
import type { GroupStrategy } from "../../../lib/cluster/groups.ts";
import type { NodeSpec } from "../../../lib/cluster/node.ts";

/** A place with what is free there. */
export interface OraclePlace {
  node: NodeSpec;
  free: Amounts;
  gpus: number[];
}

/** True when some choice of nodes and devices holds all bundles under the strategy. */
export function couldPlace(
  strategy: GroupStrategy,
  bundles: readonly Amounts[],
  fixed: readonly string[],
  places: readonly OraclePlace[],
): boolean {
  const chosen = [...fixed];
  const at = fixed.findIndex((node_id) => node_id === "");
  if (at === -1) return allowed(strategy, chosen);
  return places.some((place, which) => {
    chosen[at] = place.node.node_id;
    if (!allowed(strategy, chosen)) return false;
    return afterTaking(place, bundles[at]!).some((smaller) =>
      couldPlace(strategy, bundles, chosen, places.with(which, smaller))
    );
  });
}

function allowed(strategy: GroupStrategy, nodes: readonly string[]): boolean {
  const used = nodes.filter((node_id) => node_id !== "");
  const distinct = new Set(used).size;
  if (strategy === "STRICT_PACK") return distinct <= 1;
  return strategy !== "STRICT_SPREAD" || distinct === used.length;
}

/** Every way to take the amounts from the place. */
export function afterTaking(place: OraclePlace, amounts: Amounts): OraclePlace[] {
  const free = { ...place.free };
  for (const [name, units] of Object.entries(amounts)) {
    const address = name.startsWith("node:") ? name.slice(5) : undefined;
    const own = address !== undefined && place.node.aliases.includes(address)
      ? `node:${place.node.ip}`
      : name;
    free[own] = (free[own] ?? 0) - units;
    if (free[own] < 0) return [];
  }
  const gpu = amounts.GPU ?? 0;
  if (gpu >= 10_000) {
    const whole = place.gpus.flatMap((units, index) => units === 10_000 ? [index] : []);
    const count = gpu / 10_000;
    if (whole.length < count) return [];
    const taken = whole.slice(0, count);
    return [{ ...place, free, gpus: place.gpus.map((u, i) => taken.includes(i) ? 0 : u) }];
  }
  if (gpu === 0) return [{ ...place, free }];
  return place.gpus.flatMap((units, index) =>
    units >= gpu ? [{ ...place, free, gpus: place.gpus.with(index, units - gpu) }] : []
  );
}
