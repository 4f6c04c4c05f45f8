/**
 * A node is taken out: it gets nothing new (draining); where it is evicted as well, what it has ends.
 * Its actors are restarted elsewhere where they may be. A bundle leaves the node once the last worker
 * in it is gone, so that no device is given to two processes, and its group looks for another node.
 */
import type { Books } from "./books.ts";
import type { DeathReport } from "./death.ts";
import { endIncarnation, isWhole, placeAnew } from "./endings.ts";
import type { BrainEventOf } from "./events.ts";
import type { GroupRecord } from "./groups.ts";
import { revive } from "./liveness.ts";
import type { NodeRecord } from "./node.ts";
import { nodeText } from "./node.ts";

/** Handles `node.drain`. */
export function drainNode(books: Books, node: NodeRecord, event: BrainEventOf<"node.drain">): void {
  if (node.state === "dead") return;
  node.draining = event.undo !== true;
  node.evicting = node.draining && (event.evict === true || node.evicting === true);
  books.retry_all = true;
  books.touch("nodes", node.node_id);
  if (node.state === "alive" || node.state === "draining") revive(books, node);
  if (event.evict === true && node.evicting) evictActors(books, node);
  moveBundles(books);
}

/** Takes away from nodes that are evicted the bundles in which no worker is left. */
export function moveBundles(books: Books): void {
  for (const node of books.nodes.values()) {
    if (node.evicting !== true || node.state === "dead") continue;
    for (const group of books.groups.values()) moveGroup(books, group, node.node_id);
  }
}

function evictActors(books: Books, node: NodeRecord): void {
  const text = `node ${nodeText(node)}`;
  const report: DeathReport = {
    kind: "node",
    message: `Its ${text} was drained, and what still ran there was ended.`,
    preempted: true,
  };
  for (const actor of [...books.actors.values()]) {
    if (actor.node_id !== node.node_id || actor.grant === undefined) continue;
    endIncarnation(books, actor, {
      report,
      restart: true,
      gone: false,
      evicted: true,
      cause: `drained ${text}`,
    });
  }
}

function moveGroup(books: Books, group: GroupRecord, node_id: string): void {
  if (group.state === "REMOVED" || !group.nodes.includes(node_id)) return;
  const ledgers = books.bundle_ledgers.get(group.pg_id) ?? [];
  let moved = false;
  for (const [index, grant] of group.grants.entries()) {
    const ledger = ledgers[index];
    if (group.nodes[index] !== node_id || grant === null || !ledger) continue;
    if (!isWhole(ledger, grant)) continue;
    books.giveBack({ node_id }, grant);
    ledgers[index] = null;
    group.grants[index] = null;
    group.nodes[index] = "";
    moved = true;
  }
  if (moved) placeAnew(books, group);
}
