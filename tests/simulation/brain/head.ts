/**
 * A head around the brain: its journal, and its links as the head's `NodeLinks` keeps them. It can be
 * ended between any two of the things it does.
 */
import assert from "assert";
import { Brain } from "../../../lib/cluster/brain.ts";
import type { Effect } from "../../../lib/cluster/effects.ts";
import type { BrainEvent, BrainEventOf } from "../../../lib/cluster/events.ts";
import { SimJournal } from "./journal.ts";
import type { SimLink, ToHead } from "./link.ts";

/** What a dying head still gets done of its last step. */
export interface Last {
  written: boolean;
  /** How many of the effects leave it. */
  sent: number;
}

const WHOLE: Last = { written: true, sent: Infinity };

/** What a head tells whoever watches it. */
export interface HeadWatcher {
  now(): number;
  heard(event: BrainEvent): void;
  effect(effect: Effect): void;
}

export class SimHead {
  brain: Brain = new Brain();
  readonly journal: SimJournal = new SimJournal();
  /** The link of each node that has joined. */
  readonly joined: Map<string, SimLink> = new Map();
  /** The newest link by which each node has joined: an older one has nothing new to say. */
  #newest = new Map<string, number>();
  /** Nodes that were declared dead, as far as the journal knows. */
  #dead = new Set<string>();

  constructor(readonly watcher: HeadWatcher) {
    const { epoch } = this.brain;
    this.journal.write([{ kind: "persist", table: "meta", id: "epoch", row: epoch }]);
  }

  /** One step of the brain. */
  tell(event: BrainEvent, last: Last = WHOLE, before?: (effects: Effect[]) => void): void {
    this.watcher.heard(event);
    const effects = this.brain.step(event, this.watcher.now());
    if (last.written) this.journal.write(effects);
    before?.(effects);
    for (const effect of effects.slice(0, last.sent)) this.#carry(effect);
    this.#deadStayDead();
  }

  /** Something arrives over a link. */
  hear(link: SimLink, item: ToHead, last: Last = WHOLE): void {
    if (!link.open) return;
    const { node_id } = link;
    if (item.kind === "node.join") return this.#join(link, item, last);
    if (this.joined.get(node_id) !== link) {
      if (item.kind === "end") link.open = false;
      return;
    }
    if (item.kind === "end") {
      link.open = false;
      this.joined.delete(node_id);
      return this.tell({ kind: "node.lost", node_id, reason: "end of file" }, last);
    }
    this.tell({ kind: "node.seen", node_id });
    this.tell(item, last);
    if (item.kind === "actor.died" || item.kind === "actor.placed_failed") {
      const { actor_id, incarnation } = item;
      if (last === WHOLE) link.to_daemon.push({ kind: "noted", actor_id, incarnation });
    }
  }

  /** Another head takes up the journal. @param lost how many transactions are missing in it */
  restart(lost: number): void {
    for (const link of this.joined.values()) link.open = false;
    this.joined.clear();
    this.#newest.clear();
    this.journal.lose(lost);
    const before = this.brain.epoch;
    const { brain, effects } = Brain.load(this.journal.rows(), this.watcher.now());
    assert.ok(brain.epoch > before, `the epoch was ${before} and is now ${brain.epoch}`);
    this.brain = brain;
    this.journal.write(effects);
    this.#dead.clear();
    for (const effect of effects) this.#carry(effect);
    this.#deadStayDead();
  }

  #join(link: SimLink, event: BrainEventOf<"node.join">, last: Last): void {
    const { node_id } = link;
    if (link.serial < (this.#newest.get(node_id) ?? 0)) return link.closeAtHead();
    this.tell(event, last, (effects) => {
      const refused = effects.some((one) =>
        one.kind === "node.rejected" && one.node_id === node_id
      );
      if (refused) {
        link.to_daemon.push({ kind: "declared_dead" });
        return link.closeAtHead();
      }
      const former = this.joined.get(node_id);
      if (former !== link) former?.closeAtHead();
      this.joined.set(node_id, link);
      this.#newest.set(node_id, link.serial);
      link.to_daemon.push({ kind: "joined" });
    });
  }

  #carry(effect: Effect): void {
    this.watcher.effect(effect);
    if (effect.kind === "worker.start" || effect.kind === "worker.stop") {
      assert.ok(
        effect.kind === "worker.stop" || effect.epoch === this.brain.epoch,
        "a grant of another epoch",
      );
      this.joined.get(effect.node_id)?.to_daemon.push(effect);
    } else if (effect.kind === "node.rejected") {
      this.joined.get(effect.node_id)?.closeAtHead();
      this.joined.delete(effect.node_id);
    }
  }

  #deadStayDead(): void {
    for (const node of this.brain.books.nodes.values()) {
      if (node.state === "dead") this.#dead.add(node.node_id);
      else assert.ok(!this.#dead.has(node.node_id), "a dead node lives under the same id");
    }
  }
}
