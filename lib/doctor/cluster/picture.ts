/** What the head has learned of a cluster when its nodes have answered: what checks of a cluster look at. */
import type { NodeState } from "../../cluster/node.ts";
import type { CheckText, Finding } from "../check.ts";
import type { Facts } from "../facts.ts";
import type { PairResult, ProbeReady } from "./probe.ts";

/** See the top of this file. Times are milliseconds since the epoch, by the head's clock. */
export interface ClusterPicture {
  now: number;
  /** All that are not dead, the head's first. */
  nodes: NodePicture[];
  head: HeadPicture;
  pairs: PairResult[];
}

/** One node, as the head knows it and as it answered. */
export interface NodePicture {
  node_id: string;
  /** As people know it. */
  name: string;
  ip: string;
  hostname: string;
  is_head: boolean;
  state: NodeState;
  /** Milliseconds since it was heard. */
  silent_ms: number;
  /** Why its link ended, where it has none. */
  lost_reason?: string;
  build: string;
  /** Its port for streams; 0 where it is not known. */
  port: number;
  /** Its name in certificates. */
  tls_name?: string;
  /** Names of its GPUs. */
  gpus: string[];
  /** What it answered to the doctor; absent with `fault`: why it did not. */
  facts?: Facts;
  /** What its own checks found. */
  findings?: Finding[];
  fault?: string;
  /** What it answered when it opened its ports. */
  ready?: ProbeReady;
  clock?: ClockReading;
}

/** How far a node's clock is ahead of the head's machine's; the truth is within `margin_ms` of it. */
export interface ClockReading {
  ahead_ms: number;
  margin_ms: number;
}

/** The head itself. */
export interface HeadPicture {
  /** `host:port`. */
  address: string;
  build: string;
  /** Until when its certificate is good; absent without TLS, or where it is not known. */
  certificate_until?: number;
  /** For how long a new certificate is good, in milliseconds; absent without an authority. */
  certificate_lifetime?: number;
  /** Join tokens that are good. */
  join_tokens: { name: string; expires: number }[];
  /** Nodes that prove with a former token of the cluster. */
  old_tokens: string[];
  /** For how long that is still taken, in milliseconds. */
  former_ms: number;
  /** Why the journal cannot be written. */
  journal_fault?: string;
  journal_path: string;
  /** Streams that the head copies now because a node's port could not be reached. */
  relays: number;
}

/** A check of a cluster. */
export interface ClusterCheck extends CheckText {
  run(picture: ClusterPicture): Finding[];
}

/** With the node that it is about. */
export function about(node: Pick<NodePicture, "node_id" | "name">, found: Finding): Finding {
  return { ...found, node_id: node.node_id, node: node.name };
}
