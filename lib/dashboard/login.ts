/**
 * `/api/session`: logging in at the page and out again. The token comes once, in a body, and is exchanged
 * for a cookie that no script can read, and that a browser sends to nobody else's pages.
 */
import { type Doorkeeper, isSecure, tokenIn } from "./auth.ts";
import { jsonAnswer } from "./answers.ts";
import { jsonBody } from "./body.ts";
import { Attempts } from "./attempts.ts";
import { peerOf } from "./guard.ts";
import { HttpFailure } from "./http_failure.ts";
import type { SessionStore } from "./page_host.ts";
import { SESSION_MS, Sessions } from "./sessions.ts";

/** What a page's requests carry that change something: no other page can add it. */
export const PAGE_HEADER = "x-beam-page";

const BODY = { most: 4096, ms: 10_000 };
/** Requests that change nothing. */
const SAFE = ["GET", "HEAD"];

/** What it is made from. */
export interface LoginParts {
  sessions: SessionStore;
  now(): number;
  /** The cluster's id. Ports share their cookies: each cluster has a name of its own for its. */
  cluster: string;
}

/** See the top of this file. */
export class Login {
  readonly #sessions: Sessions;
  readonly #attempts: Attempts;
  readonly #cookie: string;

  constructor({ sessions, now, cluster }: LoginParts) {
    this.#sessions = new Sessions(sessions, now);
    this.#attempts = new Attempts(now);
    this.#cookie = `beam-${cluster.slice(0, 12)}`;
  }

  /** True where the request comes from a page that is logged in. @throws {HttpFailure} 403 for a forged one */
  isOpen(request: Request, door: Doorkeeper): boolean {
    if (!this.isGood(request.headers, door)) return false;
    if (SAFE.includes(request.method) || request.headers.has(PAGE_HEADER)) return true;
    throw new HttpFailure(
      403,
      `Cannot ${request.method} by a cookie alone: the page's own requests have ${PAGE_HEADER}.`,
    );
  }

  /** True while the session that the request names is good. */
  isGood(headers: Headers, door: Doorkeeper): boolean {
    const secret = this.#secret(headers);
    return secret !== undefined && this.#sessions.find(secret, door.tokens()) !== undefined;
  }

  /** Answers `/api/session`. */
  async answer(request: Request, door: Doorkeeper): Promise<Response> {
    switch (request.method) {
      case "GET":
        return jsonAnswer({ open: this.isGood(request.headers, door) });
      case "POST":
        return await this.#open(request, door);
      case "DELETE":
        return this.#end(request);
      default:
        throw new HttpFailure(405, `Cannot ${request.method} /api/session`);
    }
  }

  async #open(request: Request, door: Doorkeeper): Promise<Response> {
    mustBePage(request);
    const body = await jsonBody(request, BODY);
    const peer = peerOf(request.headers);
    const wait = this.#attempts.wait(peer);
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      throw new HttpFailure(429, `Too many wrong tokens: try again in ${seconds} s.`);
    }
    const { token } = (body ?? {}) as { token?: unknown };
    const fitting = typeof token === "string" ? tokenIn(token.trim(), door) : undefined;
    if (fitting === undefined) {
      this.#attempts.failed(peer);
      throw new HttpFailure(403, "This is not the cluster's token.");
    }
    const former = this.#secret(request.headers);
    if (former !== undefined) this.#sessions.close(former);
    return this.#told(request, this.#sessions.open(fitting), SESSION_MS / 1000);
  }

  #end(request: Request): Response {
    mustBePage(request);
    const secret = this.#secret(request.headers);
    if (secret !== undefined) this.#sessions.close(secret);
    return this.#told(request, "", 0);
  }

  #told(request: Request, value: string, seconds: number): Response {
    const answer = jsonAnswer({ open: value !== "" });
    const secure = isSecure(request.headers) ? "; Secure" : "";
    answer.headers.set(
      "set-cookie",
      `${this.#cookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`,
    );
    return answer;
  }

  #secret(headers: Headers): string | undefined {
    for (const pair of (headers.get("cookie") ?? "").split(";")) {
      const at = pair.indexOf("=");
      if (pair.slice(0, at).trim() === this.#cookie) return pair.slice(at + 1).trim();
    }
    return undefined;
  }
}

function mustBePage({ headers, method }: Request): void {
  if (headers.has(PAGE_HEADER)) return;
  throw new HttpFailure(403, `Cannot ${method} /api/session without the header ${PAGE_HEADER}.`);
}
