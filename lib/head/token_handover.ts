/**
 * How nodes get the cluster's token over their links: those that joined by a join token, and all of
 * them when it changes.
 *
 * A change has two steps, so that no node meets a token that it does not know yet: all nodes take the
 * new token besides the former one, then all use it. Who is away meanwhile is told when it comes back
 * by the former token; when that is honoured no more, its holders' links end.
 *
 * A change that puts nodes out honours no former token at all: who has one could be one of them, under
 * whatever name. The new one goes over the links that are up at that moment, theirs apart, and over no
 * other; all others end.
 */
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { sealKey } from "../wire/key_box.ts";
import { fieldsOf, type Link, type Received } from "../wire/link.ts";
import type { Clock } from "../runtime/clock.ts";
import type { ClusterKeys } from "./cluster_keys.ts";
import type { JoinTokens } from "./join_tokens.ts";

/** How long nodes may take to fetch a new token before the others use it, in milliseconds. */
const FETCH_PATIENCE = 5000;

/** How long the former token is taken at least while a connected node has not got the new one yet. */
const LEAST_GRACE = 60_000;

/** Why a link ends whose peer has no other token. */
export const FORMER_TOKEN = "It has a former token, which is honoured no more";

/** A node's link, and the token that it has. */
export interface TokenHolder {
  link: Link;
  /** Empty before it has joined. */
  node_id: string;
  /** The connection's, which both sides know. */
  secret: Uint8Array;
  /** The id of its token; absent where it has a join token only. */
  key?: string | undefined;
}

/** What the handover needs of the head. */
export interface HandoverHost {
  keys: ClusterKeys;
  tokens: JoinTokens;
  clock: Clock;
  /** Nodes that have joined. */
  nodes(): Iterable<TokenHolder>;
  /** The id of the join token by which that node came in, as it says itself. */
  joinedBy(node_id: string): string | undefined;
  /** These nodes are dead, and all links but those of `stay` end. */
  putOut(node_ids: readonly string[], stay: ReadonlySet<TokenHolder>): void;
  /** Living nodes that are not connected. */
  away(): string[];
  /** Ends streams that were opened by a token that is taken no more. */
  endFormerStreams(): void;
}

/** A change that is asked for. */
export interface TokenChange {
  /** Its name, by which a repetition is known. */
  change: string;
  /** For how long the former token is honoured. */
  grace_ms: number;
  /** Ids of the nodes that are put out. */
  without?: readonly string[];
}

/** How a change went. */
export interface Changed {
  /** Nodes that have the new token. */
  told: string[];
  /** Connected nodes that do not; where nodes were put out, all living ones. */
  missing: string[];
  /** Where the new one is, on the head's machine. */
  file: string;
}

/** See the top of this file. */
export class TokenHandover {
  #changing: { missing: Set<TokenHolder>; done: () => void } | undefined;
  /** Who may still fetch a token by a former one that nobody else may use, and until when. */
  #spared: { nodes: ReadonlySet<TokenHolder>; until: number } | undefined;

  constructor(readonly host: HandoverHost) {}

  /**
   * Makes a new token, hands it to all nodes that are connected, and has them use it.
   * @throws {RequestFailed} where the cluster is open, or is changing its token already.
   */
  async change({ change, grace_ms, without = [] }: TokenChange): Promise<Changed> {
    const { keys, clock } = this.host;
    if (keys.ring.isOpen) {
      throw new RequestFailed(
        "open",
        "Cannot change the token: this cluster is open, it has none",
        "Start the head with a token: `beam up --head`, or `RAY_AUTH_MODE=token ray start --head`.",
      );
    }
    if (keys.change === change) return this.#state();
    if (this.#changing) {
      throw new RequestFailed(
        "busy",
        "Cannot change the token: it is being changed already",
        "Try again in a few seconds.",
      );
    }
    // Whoever is connected needs the former one until it has the new one, however short the grace.
    keys.renew(LEAST_GRACE + grace_ms, clock.now(), change, without);
    const entitled = [...this.host.nodes()]
      .filter((node) => !this.#isOut(node) && !without.includes(node.node_id));
    if (without.length > 0) {
      const nodes = new Set(entitled);
      this.#spared = { nodes, until: clock.now() + LEAST_GRACE };
      this.host.putOut(without, nodes);
    }
    await this.#fetched(new Set(entitled));
    if (without.length === 0) {
      const late = entitled.some((node) => !node.link.isClosed && node.key !== keys.ring.id);
      keys.honourFormer(late ? Math.max(grace_ms, LEAST_GRACE) : grace_ms, clock.now());
    }
    // Those too that joined meanwhile.
    for (const node of this.host.nodes()) this.#use(node);
    this.enforce();
    return this.#state();
  }

  /** Which nodes have the present token. */
  #state(): Changed {
    const { keys } = this.host;
    const has = (node: TokenHolder) => node.key === keys.ring.id;
    const names = (nodes: TokenHolder[]) => nodes.map(({ node_id }) => node_id);
    const now = [...this.host.nodes()];
    const away = keys.without.length > 0 ? this.host.away() : [];
    return {
      told: names(now.filter(has)),
      missing: [...names(now.filter((node) => !has(node))), ...away],
      file: keys.file,
    };
  }

  /** Answers `token.fetch`. @throws {RequestFailed} for a node that is to be out. */
  fetch(node: TokenHolder, received: Received): void {
    const { keys, clock } = this.host;
    const { ring } = keys;
    if (!this.#isTaken(node)) {
      throw new RequestFailed(
        "token",
        "Cannot hand over the cluster's token: the one of this node is honoured no more",
        "Start it again with the new one: `beam token` on the head's machine shows it.",
      );
    }
    if (ring.token === undefined || this.#isOut(node)) {
      throw new RequestFailed(
        "token",
        ring.token === undefined
          ? "Cannot hand over a token: this cluster is open"
          : "Cannot hand over the cluster's token: the join token of this node was revoked",
        "Make another with `beam token create` on the head's machine.",
      );
    }
    const sealed = sealKey(ring.token, fieldsOf(received, "token.fetch").public, node.secret);
    node.link.reply(received, "token.fetch", {
      ...sealed,
      use: !this.#changing,
      former_ms: keys.graceLeft(clock.now()),
    });
  }

  /** A node has the token of this id. */
  has(node: TokenHolder, id: string): void {
    node.key = id;
    this.#met(node);
    // It was slower than the others were waited for, or joined in between.
    if (!this.#changing) this.#use(node);
  }

  /** A node has joined, perhaps by a former token. */
  joined(node: TokenHolder): void {
    if (node.key === undefined || node.key === this.host.keys.ring.id) return;
    if (!this.#isOut(node)) node.link.send({ kind: "token.changed" });
  }

  /** A node's link has ended. */
  lost(node: TokenHolder): void {
    this.#met(node);
  }

  /** Ends the links and streams of those who have a token only that is honoured no more. */
  enforce(): void {
    const { keys, clock } = this.host;
    if (keys.ring.isOpen) return;
    keys.forget(clock.now());
    for (const node of [...this.host.nodes()]) {
      if (this.#isTaken(node)) continue;
      node.link.close(new LinkClosed(FORMER_TOKEN));
    }
    // Nodes dial by the former one until all have the other.
    if (!this.#changing) this.host.endFormerStreams();
  }

  /** Whether the token is honoured that this link's node has. */
  #isTaken(node: TokenHolder): boolean {
    const now = this.host.clock.now();
    if (this.host.keys.ring.takes(node.key, now)) return true;
    return this.#spared !== undefined && this.#spared.nodes.has(node) && now < this.#spared.until;
  }

  /** Waits until these have fetched the token, or are gone, or time is up. */
  async #fetched(missing: Set<TokenHolder>): Promise<void> {
    if (missing.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changing = { missing, done: resolve };
    for (const { link } of missing) link.send({ kind: "token.changed" });
    const stop = this.host.clock.after(FETCH_PATIENCE, resolve);
    try {
      await promise;
    } finally {
      stop();
      this.#changing = undefined;
    }
  }

  /** A node that has the present token may use it. */
  #use({ link, key }: TokenHolder): void {
    const { keys, clock } = this.host;
    if (key === undefined || key !== keys.ring.id) return;
    link.send({ kind: "token.use", key, former_ms: keys.graceLeft(clock.now()) });
  }

  #met(node: TokenHolder): void {
    if (!this.#changing?.missing.delete(node)) return;
    if (this.#changing.missing.size === 0) this.#changing.done();
  }

  #isOut({ node_id }: TokenHolder): boolean {
    const by = node_id === "" ? undefined : this.host.joinedBy(node_id);
    return by !== undefined && this.host.tokens.isRevoked(by);
  }
}
