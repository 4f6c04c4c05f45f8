/** Refusals in the head's log: who is refused every second is told of once a minute. */
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";

/** How long the same one is not told of again, in milliseconds. */
const QUIET_MS = 60_000;
/** So many are known again. */
const MOST = 1000;

/** See the top of this file. */
export class Refusals {
  /** When each line was last written. */
  #told = new Map<string, number>();

  constructor(readonly host: { log: Log; clock: Pick<Clock, "now"> }) {}

  /** @param peer who was refused, as it is the same the next time */
  tell(peer: string, { message }: Error): void {
    const text = `refused ${peer}: ${message}`;
    const now = this.host.clock.now();
    if (now - (this.#told.get(text) ?? -Infinity) < QUIET_MS) return;
    if (this.#told.size >= MOST) this.#told.clear();
    this.#told.set(text, now);
    this.host.log.write("warning", text, { peer });
  }
}
