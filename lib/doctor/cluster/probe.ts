/** What nodes tell each other and the head while the doctor tries their connections. */

/** How a dial can go: the kernel's answer, or what became of the words on the connection. */
export const OUTCOMES = [
  /** Connected, and the right node answered. */
  "open",
  /** The machine said no: a firewall that rejects, or nobody listens. */
  "refused",
  /** Nothing came back: a firewall that drops, or nobody has the address. */
  "timeout",
  /** The machine, or a router before it, says that the address cannot be reached: also a firewall that rejects so. */
  "host_unreachable",
  /** The dialing machine has no route there. */
  "net_unreachable",
  /** Connected, and nothing was said: the node is starved, or something else takes connections for it. */
  "silent",
  /** Small packets arrive and full ones do not. */
  "stalled",
  /** Somebody else answered. */
  "stranger",
  /** There was no time left to try it. */
  "untried",
  /** Anything else; `text` says what. */
  "fault",
] as const;
export type Outcome = typeof OUTCOMES[number];

/** What is dialed: beam's port, a random high one, or a high one under another address of the node. */
export type Way = "beam" | "high" | "alias";

/** One dial that a node is asked for. */
export interface ProbeTarget {
  /** The node that is to answer. */
  node_id: string;
  way: Way;
  host: string;
  port: number;
  /** What to say and what must come back, in hex: of a listener of {@link ProbeReady}. */
  ask?: string;
  answer?: string;
  /** The node's name in certificates, on beam's port in a cluster with TLS. */
  name?: string;
}

/** How it went. */
export interface ProbeResult {
  node_id: string;
  way: Way;
  host: string;
  port: number;
  outcome: Outcome;
  /** Milliseconds until then. */
  ms: number;
  /** The system's words, where they say more than the outcome. */
  text?: string;
}

/** A {@link ProbeResult} and who dialed. */
export interface PairResult extends ProbeResult {
  from: string;
}

/** What a node answers when it has opened its listeners. */
export interface ProbeReady {
  /** The node's clock, in milliseconds since the epoch: as it is now, whatever it was when the daemon began. */
  at: number;
  /** Its high ports. */
  listeners: { address: string; port: number }[];
  /** Why there is none, where there is none. */
  fault?: string;
  /** The kernel's name for its run since it was started: nodes of one machine say the same. */
  boot_id?: string;
}

/**
 * Bytes that go over a connection to see whether full packets arrive: some of the largest ones, and few
 * enough for the kernel to take them at once, since a write that waits cannot be given up.
 */
export const LARGE = 32 * 1024;
/** Length of `ask` and `answer` in bytes. */
export const NONCE = 32;
