/** Nodes: what a daemon says about its machine, and what the brain keeps of it. */
import type { Amounts } from "./amounts.ts";
import { UNIT } from "./amounts.ts";
import type { DeathReport } from "./death.ts";

/**
 * - `alive`: takes new work
 * - `suspect`: silent or its link ended; keeps what it has, gets nothing new
 * - `draining`: asked to take nothing new
 * - `away`: known from the journal of a restarted head, not yet back
 * - `dead`: for good; its daemon must come back under a new id
 */
export type NodeState = "alive" | "suspect" | "draining" | "away" | "dead";

/** What a daemon says of its machine when it joins. */
export interface NodeSpec {
  /** 56 hex digits. */
  node_id: string;
  ip: string;
  /** Other addresses of the machine; `node:<alias>` counts as `node:<ip>`. */
  aliases: string[];
  hostname: string;
  is_head: boolean;
  /** Everything it has, in units: CPU, GPU, memory, object_store_memory, node:<ip>, … */
  total: Amounts;
  /** The device ids it hands out, one per GPU index. */
  gpu_ids: string[];
  labels: Record<string, string>;
  /** Whatever the shell wants kept beside it (ports, versions); never read here. */
  extra?: unknown;
}

/** A node in the books. */
export interface NodeRecord extends NodeSpec {
  state: NodeState;
  /** All times are milliseconds on the clock the shell passes to `step`. */
  joined_at: number;
  last_seen: number;
  /** When its link ended; absent while it is connected. */
  link_lost_at?: number;
  /** Why its link ended. */
  link_lost_reason?: string;
  /** Asked to drain; survives a spell of `suspect`. */
  draining: boolean;
  /** Drained by force: bundles leave it, see `draining.ts`. */
  evicting?: boolean;
  ended_at?: number;
  death?: DeathReport;
}

/** True while it may still hold workers: everything but dead. */
export function mayHold(node: NodeRecord): boolean {
  return node.state !== "dead";
}

/** True when new work may be placed on it. */
export function takesWork(node: NodeRecord): boolean {
  return node.state === "alive";
}

/** `10.0.0.2 (ab12cd34…)`: how a node is called in messages. */
export function nodeText(node: NodeSpec): string {
  return `${node.ip} (${node.node_id.slice(0, 8)}…)`;
}

/** Why it cannot join, or undefined. */
export function nodeFault(node: NodeSpec): string | undefined {
  if (!/^[0-9a-f]{56}$/.test(node.node_id)) {
    return `its node id must be 56 hex digits, got ${JSON.stringify(node.node_id)}`;
  }
  const gpus = node.total.GPU ?? 0;
  if (gpus % UNIT !== 0 || gpus / UNIT !== node.gpu_ids.length) {
    return `it must list one device id per GPU, got ${gpus / UNIT} GPU and ` +
      `${node.gpu_ids.length} ids`;
  }
  return undefined;
}

/**
 * The request in this node's own words: `node:<alias>` becomes `node:<ip>` where the alias is
 * one of its addresses.
 */
export function localise(node: NodeSpec, amounts: Amounts): Amounts {
  if (!Object.keys(amounts).some((name) => name.startsWith("node:"))) return amounts;
  const local: Amounts = {};
  for (const [name, units] of Object.entries(amounts)) {
    const alias = name.startsWith("node:") && node.aliases.includes(name.slice("node:".length));
    const own = alias ? `node:${node.ip}` : name;
    local[own] = (local[own] ?? 0) + units;
  }
  return local;
}
