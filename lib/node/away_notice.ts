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
  #told: Message<"warn"> | undefined;

  constructor(readonly host: AwayNoticeHost) {}

  /** What drivers were told that it is away; who comes now has not heard it. */
  get current(): Message<"warn"> | undefined {
    return this.#told;
  }

  /** It could not be reached once more. */
  away({ since, why }: Away): void {
    const ms = this.host.now() - since;
    if (this.#told || ms < QUIET_MS) return;
    const reason = (this.host.fault() ?? why).replace(/\.$/, "");
    this.#told = this.#tell(
      `${capital(this.host.peer())} has been away for ${Math.round(ms / 1000)} s (${reason}). ` +
        "Actors and their calls go on; what is new waits until it is back.",
    );
  }

  /** There is a link again. */
  back(): void {
    if (this.#told) this.#tell(`${capital(this.host.peer())} is back.`);
    this.#told = undefined;
  }

  #tell(text: string): Message<"warn"> {
    const message: Message<"warn"> = { kind: "warn", code: "head_away", text };
    this.host.tell(message);
    return message;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
