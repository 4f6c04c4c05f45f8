/** A link between a daemon and the head: what is under way on it, each direction in its order. */
import type { EffectOf } from "../../../lib/cluster/effects.ts";
import type { BrainEvent } from "../../../lib/cluster/events.ts";

/** What the head tells a daemon to do. */
export type Order = EffectOf<"worker.start"> | EffectOf<"worker.stop">;

/** The other side has closed it. */
export interface End {
  kind: "end";
}

/** What a daemon can hear. */
export type ToDaemon =
  | Order
  | End
  | { kind: "joined" }
  | { kind: "declared_dead" }
  | { kind: "noted"; actor_id: string; incarnation: number };

/** What a head can hear. */
export type ToHead = BrainEvent | End;

/** One connection; a daemon that dials anew has another. */
export class SimLink {
  /** Sent and not yet delivered, oldest first. */
  to_head: ToHead[] = [];
  to_daemon: ToDaemon[] = [];
  /** The head has not closed it. */
  open = true;

  /** @param serial later ones are larger @param node_id who dialed */
  constructor(readonly serial: number, readonly node_id: string) {}

  /** The head closes it: what it has sent arrives, what was sent to it does not. */
  closeAtHead(): void {
    if (!this.open) return;
    this.open = false;
    this.to_head = [];
    this.to_daemon.push({ kind: "end" });
  }

  /** The daemon closes it, or its machine: of what it has sent, that much arrives. */
  closeAtDaemon(arrives: number): void {
    this.to_daemon = [];
    this.to_head = this.open ? [...this.to_head.slice(0, arrives), { kind: "end" }] : [];
  }
}
