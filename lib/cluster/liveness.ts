/**
 * Which nodes are alive, judged at every tick.
 *
 * Any byte is a sign of life. A head that was itself stalled has heard nobody, so it gives every
 * node its time anew before it judges; one that merely comes late, as on a starved machine, does not
 * count as silence what it was late by: bytes may lie unread since then.
 */
import type { Books } from "./books.ts";
import { loseNode } from "./endings.ts";
import type { NodeRecord } from "./node.ts";

/** Something was heard from a node, at `at` where that was not just now. */
export function nodeSeen(books: Books, node: NodeRecord, at = books.now): void {
  if (node.state === "dead" || node.state === "away" || node.link_lost_at !== undefined) return;
  node.last_seen = Math.max(node.last_seen, Math.min(at, books.now));
  if (node.state === "suspect") revive(books, node);
}

/** The node's link ended; it has the grace time to come back. */
export function linkLost(books: Books, node: NodeRecord, reason: string): void {
  if (node.state === "dead" || node.state === "away" || node.link_lost_at !== undefined) return;
  node.link_lost_at = books.now;
  node.link_lost_reason = reason;
  suspect(books, node);
}

function suspect(books: Books, node: NodeRecord): void {
  node.state = "suspect";
  // Who would rather have waited for it goes elsewhere.
  books.retry_all = true;
  books.tell("nodes", node.node_id);
}

/** The node is in contact: it takes work again, unless it drains. */
export function revive(books: Books, node: NodeRecord): void {
  const state = node.draining ? "draining" : "alive";
  delete node.link_lost_at;
  delete node.link_lost_reason;
  node.last_seen = books.now;
  if (node.state === state) return;
  node.state = state;
  books.retry_all = true;
  books.tell("nodes", node.node_id);
}

/** Judges every node; called once per tick, before anything else of the tick. */
export function judgeNodes(books: Books): void {
  const { config, now } = books;
  const gap = now - books.last_tick;
  books.last_tick = now;
  if (gap > config.stall_ms) {
    restartTimers(books, gap);
    return;
  }
  const late = gap - config.tick_ms;
  if (late > config.tick_ms / 2) forgive(books, late);
  for (const node of [...books.nodes.values()]) judge(books, node);
}

function restartTimers(books: Books, gap: number): void {
  for (const node of books.nodes.values()) {
    node.last_seen = books.now;
    if (node.link_lost_at !== undefined) node.link_lost_at = books.now;
  }
  if (books.hold_until > 0) books.hold_until += gap;
}

function forgive(books: Books, late: number): void {
  for (const node of books.nodes.values()) {
    node.last_seen = Math.min(node.last_seen + late, books.now);
    if (node.link_lost_at !== undefined) node.link_lost_at += late;
  }
}

function judge(books: Books, node: NodeRecord): void {
  const { config, now } = books;
  if (node.state === "dead") return;
  if (node.state === "away") {
    if (now < books.hold_until) return;
    loseNode(
      books,
      node,
      `it did not come back within ${config.restart_hold_ms / 1000} s of ` +
        "the head's restart",
    );
    return;
  }
  if (node.link_lost_at !== undefined) {
    if (now - node.link_lost_at < config.reconnect_grace_ms) return;
    loseNode(
      books,
      node,
      `its connection ended (${node.link_lost_reason ?? "no reason known"}) and it did not come ` +
        `back within ${config.reconnect_grace_ms / 1000} s`,
    );
    return;
  }
  const silent = now - node.last_seen;
  // The next tick would be too late.
  const soon = silent + config.tick_ms;
  if (soon > config.dead_ms) {
    const reason = `nothing was heard from it for ${Math.round(silent / 100) / 10} s`;
    loseNode(books, node, reason);
    // Should it still be there after all, it must not go on with what others are given now.
    books.act({ kind: "node.rejected", node_id: node.node_id, reason: rejoinText(reason) });
  } else if (soon > config.suspect_ms && node.state !== "suspect") {
    suspect(books, node);
  }
}

/** What a daemon is told whose node was declared dead. */
export function rejoinText(reason: string): string {
  return `This node was declared dead: ${reason}. End its workers and join again under a new id.`;
}
