/**
 * Signs of life on a link: one is sent every second, and a peer that says nothing for too long is
 * told of. A process that was itself stalled has heard nothing either: it starts its count anew.
 */
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Link } from "../wire/link.ts";

/** How often a sign is sent, in milliseconds. */
export const BEAT = 1000;
/** A peer that is silent this long is taken for lost. */
export const SILENCE = 5000;

/** What a heartbeat needs. */
export interface HeartbeatOptions {
  onSilent(ms: number): void;
  clock?: Pick<Clock, "now" | "every">;
  beat?: number;
  silence?: number;
}

/** See the top of this file. */
export class Heartbeat {
  #stop: (() => void) | undefined;
  #clock: Pick<Clock, "now" | "every">;
  #beat: number;
  #silence: number;

  constructor(readonly options: HeartbeatOptions) {
    this.#clock = options.clock ?? systemClock();
    this.#beat = options.beat ?? BEAT;
    this.#silence = options.silence ?? SILENCE;
  }

  /** Watches this link instead of the former. */
  start(link: Pick<Link, "lastHeard" | "send">): void {
    this.stop();
    let last = this.#clock.now();
    let since = last;
    this.#stop = this.#clock.every(this.#beat, () => {
      const now = this.#clock.now();
      if (now - last > 2 * this.#beat) since = now;
      last = now;
      link.send({ kind: "ping" });
      const silent = now - Math.max(since, link.lastHeard);
      if (silent > this.#silence) this.options.onSilent(silent);
    });
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
