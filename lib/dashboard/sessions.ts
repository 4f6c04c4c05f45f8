/**
 * Who has logged in at the page. A session is opened with a token and named by a random text that only
 * the browser's cookie and, as a digest, the head's journal have. It ends after a while, by logging out, or
 * with the token that it was opened with.
 */
import { createHash, randomBytes } from "node:crypto";
import type { SessionRow, SessionStore } from "./page_host.ts";

/** How long a session lasts, in milliseconds. */
export const SESSION_MS = 12 * 3_600_000;
/** Sessions at once; the oldest ends for another one. */
const MOST_SESSIONS = 1000;

/** See the top of this file. */
export class Sessions {
  #rows = new Map<string, SessionRow>();

  constructor(readonly store: SessionStore, readonly now: () => number) {
    for (const row of store.all()) this.#rows.set(row.id, row);
  }

  /** @returns what the cookie is to say */
  open(token: string): string {
    const now = this.now();
    for (const row of this.#rows.values()) {
      if (row.until <= now || this.#rows.size >= MOST_SESSIONS) this.#delete(row.id);
    }
    const secret = randomBytes(32).toString("base64url");
    const row = { id: digest(secret), key: digest(token), opened: now, until: now + SESSION_MS };
    this.#rows.set(row.id, row);
    this.store.put(row);
    return secret;
  }

  /** The session that the cookie names, where it is good still. */
  find(secret: string, tokens: readonly string[]): SessionRow | undefined {
    // Found by its digest: how long that takes tells nothing of the secret.
    const row = this.#rows.get(digest(secret));
    if (!row) return undefined;
    if (row.until > this.now() && tokens.some((token) => digest(token) === row.key)) return row;
    this.#delete(row.id);
    return undefined;
  }

  close(secret: string): void {
    this.#delete(digest(secret));
  }

  #delete(id: string): void {
    if (this.#rows.delete(id)) this.store.delete(id);
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
