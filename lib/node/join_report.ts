/** What a node that comes back tells the head: what still runs here, and what ended meanwhile. */
import { brief } from "../cluster/death.ts";
import type { Death, Deaths } from "./deaths.ts";
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
    deaths: deathsTold(parts.deaths.unnoted),
    watched: [...parts.watchers.actors],
  };
}

/** Most characters of deaths told in full: a report that a header cannot hold would keep the node out. */
const MOST_WORDS = 4 * 2 ** 20;

/** The first in full, from which others follow. */
function deathsTold(deaths: readonly Death[]): Record<string, unknown>[] {
  let room = MOST_WORDS;
  return deaths.map(({ actor_id, incarnation, report, intended }) => {
    room -= JSON.stringify(report).length;
    return { actor_id, incarnation, report: room < 0 ? brief(report) : report, intended };
  });
}
