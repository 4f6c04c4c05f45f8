/**
 * The names under which Ray shows what is inside placement groups, and programs look for it:
 * `CPU_group_<pg>` over all bundles on a node, `CPU_group_0_<pg>` for one, and 1000 of
 * `bundle_group_…` per bundle.
 */
import type { Amounts } from "./amounts.ts";
import { addAmounts, UNIT } from "./amounts.ts";
import type { Books } from "./books.ts";

const PER_BUNDLE = 1000 * UNIT;

/** What is free inside the bundles on each node, under Ray's names. Good until the books change. */
export class GroupAmounts {
  #nodes = new Map<string, Amounts>();

  constructor(books: Books) {
    for (const group of books.groups.values()) {
      if (group.state === "REMOVED") continue;
      const ledgers = books.bundle_ledgers.get(group.pg_id) ?? [];
      for (const [index, node_id] of group.nodes.entries()) {
        const ledger = ledgers[index];
        if (node_id === "" || !ledger) continue;
        const amounts = this.#nodes.get(node_id) ?? {};
        this.#nodes.set(node_id, amounts);
        for (const [name, units] of [...Object.entries(ledger.free), ["bundle", PER_BUNDLE]]) {
          addAmounts(amounts, {
            [`${name}_group_${group.pg_id}`]: units as number,
            [`${name}_group_${index}_${group.pg_id}`]: units as number,
          });
        }
      }
    }
  }

  on(node_id: string): Amounts {
    return this.#nodes.get(node_id) ?? {};
  }
}

/** What the bundles on the nodes reserve, and what of it is used, per resource. */
export function reservedAmounts(books: Books): { reserved: Amounts; used: Amounts } {
  const reserved: Amounts = {};
  const used: Amounts = {};
  for (const group of books.groups.values()) {
    for (const [index, grant] of group.grants.entries()) {
      const free = books.bundle_ledgers.get(group.pg_id)?.[index]?.free ?? {};
      if (grant === null) continue;
      addAmounts(reserved, grant.amounts);
      for (const [name, units] of Object.entries(grant.amounts)) {
        addAmounts(used, { [name]: units - (free[name] ?? 0) });
      }
    }
  }
  return { reserved, used };
}
