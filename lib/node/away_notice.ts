/** Tells the persons at this node's drivers that the head is away, where it stays away, and that it is back. */
import type { Message } from "../wire/messages.ts";
import type { Away } from "./head_link.ts";

/** How long it may be away before that is worth a line, in milliseconds: a restart takes less. */
const QUIET_MS = 5000;

/** What the notice needs. */
export interface AwayNoticeHost {
  /** The head, for sentences. */
  peer(): string;
  /** Why its process does not run, where it is this machine's. */
  fault(): string | undefined;
  /** Tells every driver of this node. */
  tell(message: Message<"warn">): void;
  now(): number;
}

/** See the top of this file. */
export class AwayNotice {
  #told = false;

  constructor(readonly host: AwayNoticeHost) {}

  /** It could not be reached once more. */
  away({ since, why }: Away): void {
    const ms = this.host.now() - since;
    if (this.#told || ms < QUIET_MS) return;
    this.#told = true;
    const reason = (this.host.fault() ?? why).replace(/\.$/, "");
    this.#tell(
      `${capital(this.host.peer())} has been away for ${Math.round(ms / 1000)} s (${reason}). ` +
        "Actors and their calls go on; what is new waits until it is back.",
    );
  }

  /** There is a link again. */
  back(): void {
    if (this.#told) this.#tell(`${capital(this.host.peer())} is back.`);
    this.#told = false;
  }

  #tell(text: string): void {
    this.host.tell({ kind: "warn", code: "head_away", text });
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
