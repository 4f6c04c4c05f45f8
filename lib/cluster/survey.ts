/**
 * What explanations are made from, gathered once for all that wait. Good until the books change.
 */
import type { ActorRecord } from "./actors.ts";
import type { Books } from "./books.ts";
import { neverText } from "./feasibility.ts";
import type { GroupRecord } from "./groups.ts";
import { Holdings } from "./holders.ts";
import type { RoomyNode } from "./placement.ts";
import { emptyNodes, roomyNodes } from "./scheduling.ts";

/** See the top of this file. */
export class Survey {
  readonly holdings: Holdings;
  #roomy: RoomyNode[] | undefined;
  #empty: RoomyNode[] | undefined;
  #never = new Map<ActorRecord | GroupRecord, string | undefined>();

  constructor(readonly books: Books) {
    this.holdings = new Holdings(books);
  }

  /** Nodes that take new work. */
  get roomy(): RoomyNode[] {
    return this.#roomy ??= roomyNodes(this.books);
  }

  /** The sentence that says no present node can ever hold it, or undefined where they can. */
  never(request: ActorRecord | GroupRecord): string | undefined {
    if (this.#never.has(request)) return this.#never.get(request);
    this.#empty ??= emptyNodes(this.books);
    const text = neverText(this.books, request, this.#empty);
    this.#never.set(request, text);
    return text;
  }
}
