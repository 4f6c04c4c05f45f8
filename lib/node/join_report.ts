/** What a node that comes back tells the head: what still runs here, and what ended meanwhile. */
import type { Deaths } from "./deaths.ts";
import type { Drivers } from "./drivers.ts";
import type { Watchers } from "./watchers.ts";
import type { Worker } from "./worker.ts";

/** What a report is made from. */
export interface JoinReportParts {
  node_id: string;
  workers: readonly Worker[];
  drivers: Drivers;
  deaths: Deaths;
  watchers: Watchers;
}

/** The `report` of `node.join`. */
export function joinReport(parts: JoinReportParts): Record<string, unknown> {
  return {
    actors: parts.workers.map((worker) => ({
      actor_id: worker.actor_id,
      incarnation: worker.incarnation,
      pid: worker.pid,
      initialized: worker.state === "running",
      repr: worker.repr,
      grant: worker.order.grant,
      ...(worker.lending === "blocked" ? { blocked: true } : {}),
      ...(worker.lending === "returned" ? { returned: true } : {}),
      ...(worker.connectable ? { address: worker.address } : {}),
    })),
    jobs: parts.drivers.specs(parts.node_id),
    deaths: parts.deaths.unnoted.map(({ actor_id, incarnation, report, intended }) => ({
      actor_id,
      incarnation,
      report,
      intended,
    })),
    watched: [...parts.watchers.actors],
  };
}
