/** The node's part in trying the connections between nodes: ports that the others dial, and dials to theirs. */
import { dialAll } from "../doctor/cluster/probe_dial.ts";
import { ProbeListener, type ProbeWords } from "../doctor/cluster/probe_listener.ts";
import { NONCE, type ProbeReady, type ProbeTarget } from "../doctor/cluster/probe.ts";
import { systemHost, textOf } from "../probe/host.ts";
import { candidateAddresses, readNetwork } from "../probe/network.ts";
import { isLoopback } from "../runtime/loopback.ts";
import type { Identity } from "../wire/handshake.ts";
import { RequestFailed } from "../wire/errors.ts";
import { fieldsOf, type Link, type Received } from "../wire/link.ts";

/** The longest that a port stays open, or that dials may go on, in milliseconds. */
const MOST_MS = 120_000;
/** Further addresses of the machine that are tried. */
const MOST_ALIASES = 8;
/** Dials of one request. */
const MOST_TARGETS = 4096;

/** What it needs of the node. */
export interface ProbeOrdersHost {
  node_ip(): string;
  identity(): Identity;
  signal: AbortSignal;
}

/** See the top of this file. */
export class ProbeOrders {
  #listeners: ProbeListener[] = [];

  constructor(readonly host: ProbeOrdersHost) {
    host.signal.addEventListener("abort", () => this.#close(), { once: true });
  }

  /** Takes a message of the head over `link`; false where it is none of these. */
  take(received: Received, link: Link): boolean {
    const { kind } = received.message;
    switch (kind) {
      case "probe.open":
        this.#open(received, link);
        return true;
      case "probe.dial":
        void this.#dial(received, link);
        return true;
      case "probe.close":
        this.#close();
        return true;
    }
    return false;
  }

  #open(received: Received, link: Link): void {
    try {
      const { ask, answer, ms, aliases } = fieldsOf(received, "probe.open");
      if (ask.length !== NONCE || answer.length !== NONCE) {
        throw new RequestFailed("bad_request", `Cannot probe: a nonce has ${NONCE} bytes`);
      }
      this.#close();
      const words = { ask: ask.slice(), answer: answer.slice() };
      const ready = this.#ready(words, Math.min(ms, MOST_MS), aliases === true);
      const body = new TextEncoder().encode(JSON.stringify(ready));
      link.reply(received, "probe.open", {}, body);
    } catch (error) {
      link.refuse(received, error);
    }
  }

  #ready(words: ProbeWords, ms: number, aliases: boolean): ProbeReady {
    const ip = this.host.node_ip();
    const others = aliases && !isLoopback(ip)
      ? candidateAddresses(readNetwork()).filter((address) => address !== ip).slice(0, MOST_ALIASES)
      : [];
    let fault: string | undefined;
    for (const address of this.host.signal.aborted ? [] : [ip, ...others]) {
      try {
        this.#listeners.push(new ProbeListener(address, words, ms));
      } catch (error) {
        if (address === ip) fault = (error as Error).message;
      }
    }
    const boot_id = textOf(systemHost(), "/proc/sys/kernel/random/boot_id");
    return {
      at: Date.now(),
      listeners: this.#listeners.map(({ address, port }) => ({ address, port })),
      ...(fault !== undefined && { fault }),
      ...(boot_id !== null && { boot_id }),
    };
  }

  async #dial(received: Received, link: Link): Promise<void> {
    try {
      const { ms } = fieldsOf(received, "probe.dial");
      const targets = targetsOf(received.body);
      const results = await dialAll(targets, {
        identity: () => this.host.identity(),
        ms: Math.min(ms, MOST_MS),
        signal: this.host.signal,
      });
      const body = new TextEncoder().encode(JSON.stringify(results));
      link.reply(received, "probe.dial", { count: results.length }, body);
    } catch (error) {
      link.refuse(received, error);
    }
  }

  #close(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
  }
}

function targetsOf(body: Uint8Array): ProbeTarget[] {
  const targets: unknown = JSON.parse(new TextDecoder().decode(body));
  if (Array.isArray(targets) && targets.length <= MOST_TARGETS) return targets;
  throw new RequestFailed("bad_request", `Cannot dial: at most ${MOST_TARGETS} at a time`);
}
