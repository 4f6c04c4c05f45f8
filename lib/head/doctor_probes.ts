/** Has the nodes try the connections between them: each opens ports for the others, and dials theirs. */
import { randomBytes } from "node:crypto";
import { planPairs } from "../doctor/cluster/pair_plan.ts";
import type { ClockReading } from "../doctor/cluster/picture.ts";
import {
  NONCE,
  type Outcome,
  OUTCOMES,
  type PairResult,
  type ProbeReady,
  type ProbeResult,
  type ProbeTarget,
} from "../doctor/cluster/probe.ts";
import type { Link } from "../wire/link.ts";
import { shown } from "../wire/shown.ts";

/** How long a node may take to open its ports, in milliseconds. */
const OPEN_MS = 5000;
/** Dials that take the longest possible, for so many at a time: as `probe_dial.ts` has it. */
const ROUND = { dials: 64, ms: 6000 };
/** How long a node's answer may be on its way after the last dial. */
const SLACK_MS = 5000;
/** Most characters of what a node says of a failure. */
const MOST_TEXT = 200;
/** Who tries a node's other addresses, at most. */
const MOST_ASKERS = 4;
/** What a wrong address can look like. */
const CLOSED: readonly Outcome[] = [
  "refused",
  "timeout",
  "host_unreachable",
  "net_unreachable",
  "stranger",
];

/** A node that takes part. */
export interface ProbedNode {
  node_id: string;
  ip: string;
  /** Its port for streams; 0 where it is not known. */
  port: number;
  /** Its name in certificates. */
  tls_name?: string;
  is_head: boolean;
  link: Pick<Link, "request" | "send">;
}

/** What came of it. */
export interface Probed {
  pairs: PairResult[];
  /** True where every pair was tried. */
  whole: boolean;
  ready: Map<string, ProbeReady>;
  clocks: Map<string, ClockReading>;
}

interface Words {
  ask: Uint8Array;
  answer: Uint8Array;
}

/** See the top of this file. */
export class Probing {
  #words = new Map<string, Words>();
  #ready = new Map<string, ProbeReady>();
  #clocks = new Map<string, ClockReading>();

  /** @param answered is called when a node has dialed all that it was to dial */
  constructor(readonly nodes: readonly ProbedNode[], readonly answered: () => void) {
    for (const { node_id } of nodes) {
      this.#words.set(node_id, { ask: randomBytes(NONCE), answer: randomBytes(NONCE) });
    }
  }

  /** Runs it to its end; a node that does not answer is left out. */
  async run(): Promise<Probed> {
    try {
      const seed = 1 + this.nodes.length;
      const ids = this.nodes.map(({ node_id }) => node_id);
      const head = this.nodes.find(({ is_head }) => is_head)?.node_id;
      const { pairs: planned, whole } = planPairs(ids, { head, seed });
      await this.#openAll(this.nodes, { ms: this.#longest(planned) + 2 * SLACK_MS });
      const pairs = await this.#dialAll(planned, (to) => this.#targets(to));
      pairs.push(...await this.#tryOthers(pairs));
      return { pairs, whole, ready: this.#ready, clocks: this.#clocks };
    } finally {
      for (const { link } of this.nodes) link.send({ kind: "probe.close" });
    }
  }

  /** How long the one with the most to dial may take, in milliseconds. */
  #longest(planned: [string, string][]): number {
    const counts = new Map<string, number>();
    for (const [from] of planned) counts.set(from, (counts.get(from) ?? 0) + 2);
    return Math.ceil(Math.max(0, ...counts.values()) / ROUND.dials) * ROUND.ms;
  }

  async #openAll(
    nodes: readonly ProbedNode[],
    { ms, aliases = false }: { ms: number; aliases?: boolean },
  ): Promise<void> {
    await Promise.all(nodes.map(async ({ node_id, link }) => {
      const sent = { wall: Date.now(), at: performance.now() };
      try {
        const signal = AbortSignal.timeout(OPEN_MS);
        const words = this.#words.get(node_id)!;
        const asked = { kind: "probe.open" as const, ...words, ms, aliases };
        const { body } = await link.request(asked, { signal });
        const ready = readyOf(JSON.parse(new TextDecoder().decode(body)));
        this.#ready.set(node_id, ready);
        if (aliases) return;
        const margin_ms = (performance.now() - sent.at) / 2;
        this.#clocks.set(node_id, { ahead_ms: ready.at - sent.wall - margin_ms, margin_ms });
      } catch { /* what it did not answer is told by others */ }
    }));
  }

  async #dialAll(
    planned: [string, string][],
    targetsOf: (to: ProbedNode) => ProbeTarget[],
  ): Promise<PairResult[]> {
    const byId = new Map(this.nodes.map((node) => [node.node_id, node]));
    const results = await Promise.all(this.nodes.map(async (node) => {
      const targets = planned.filter(([from]) => from === node.node_id)
        .flatMap(([, to]) => targetsOf(byId.get(to)!));
      const results = targets.length === 0 ? [] : await dial(node, targets);
      this.answered();
      return results.map((result): PairResult => ({ ...result, from: node.node_id }));
    }));
    return results.flat();
  }

  #targets(node: ProbedNode): ProbeTarget[] {
    const { node_id, ip: host, port, tls_name } = node;
    const targets: ProbeTarget[] = [];
    if (port > 0) {
      const name = tls_name === undefined ? {} : { name: tls_name };
      targets.push({ node_id, way: "beam", host, port, ...name });
    }
    const high = this.#ready.get(node_id)?.listeners.find(({ address }) => address === host);
    if (high) targets.push(this.#high(node_id, "high", high));
    return targets;
  }

  #high(
    node_id: string,
    way: "high" | "alias",
    { address, port }: { address: string; port: number },
  ): ProbeTarget {
    const { ask, answer } = this.#words.get(node_id)!;
    return { node_id, way, host: address, port, ask: hex(ask), answer: hex(answer) };
  }

  /** Where a node could not reach another at all: whether it can under the other's further addresses. */
  async #tryOthers(pairs: readonly PairResult[]): Promise<PairResult[]> {
    const shut = new Map<string, boolean>();
    for (const { from, node_id, outcome } of pairs) {
      if (outcome === "untried") continue;
      const key = `${from} ${node_id}`;
      shut.set(key, (shut.get(key) ?? true) && CLOSED.includes(outcome));
    }
    const askersOf = new Map(this.nodes.map(({ node_id }) => {
      const askers = this.nodes.map((node) => node.node_id)
        .filter((from) => shut.get(`${from} ${node_id}`));
      return [node_id, askers.slice(0, MOST_ASKERS)];
    }));
    const closed = this.nodes.filter(({ node_id }) => askersOf.get(node_id)!.length > 0);
    if (closed.length === 0) return [];
    await this.#openAll(closed, { ms: ROUND.ms + 2 * SLACK_MS, aliases: true });
    const planned = closed.flatMap(({ node_id }) =>
      askersOf.get(node_id)!.map((from): [string, string] => [from, node_id])
    );
    return await this.#dialAll(planned, ({ node_id, ip }) => {
      const others = this.#ready.get(node_id)?.listeners ?? [];
      return others.filter(({ address }) => address !== ip)
        .map((one) => this.#high(node_id, "alias", one));
    });
  }
}

/** Has a node dial; where it does not answer, nothing was tried. */
async function dial({ link }: ProbedNode, targets: ProbeTarget[]): Promise<ProbeResult[]> {
  const ms = Math.ceil(targets.length / ROUND.dials) * ROUND.ms;
  try {
    const { body } = await link.request({ kind: "probe.dial", ms }, {
      body: new TextEncoder().encode(JSON.stringify(targets)),
      signal: AbortSignal.timeout(ms + SLACK_MS),
    });
    return resultsOf(JSON.parse(new TextDecoder().decode(body)), targets);
  } catch {
    return [];
  }
}

/** Reads a node's answer, which may hold anything. @throws where it has no listeners */
function readyOf(given: Partial<ProbeReady>): ProbeReady {
  const { at, listeners, fault, boot_id } = given;
  if (typeof at !== "number") throw new TypeError("no time");
  return {
    at,
    listeners: listeners!.map(({ address, port }) => ({ address: String(address), port: +port })),
    ...(fault !== undefined && { fault: shown(String(fault), MOST_TEXT) }),
    ...(typeof boot_id === "string" && { boot_id }),
  };
}

/** What it says of what it was to dial; anything else is not believed. */
function resultsOf(given: unknown, targets: readonly ProbeTarget[]): ProbeResult[] {
  const said = new Map((given as ProbeResult[]).map((one) => [resultKey(one), one]));
  return targets.flatMap((target) => {
    const result = said.get(resultKey(target));
    if (result === undefined || !OUTCOMES.includes(result.outcome)) return [];
    const { node_id, way, host, port } = target;
    const { outcome, ms, text } = result;
    const words = text === undefined ? {} : { text: shown(String(text), MOST_TEXT) };
    return [{ node_id, way, host, port, outcome, ms: Number(ms), ...words }];
  });
}

function resultKey({ node_id, way, host, port }: ProbeTarget | ProbeResult): string {
  return `${node_id} ${way} ${host} ${port}`;
}

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}
