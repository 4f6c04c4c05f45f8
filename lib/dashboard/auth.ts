/**
 * Who may ask: only who has the cluster's token, and no web page.
 *
 * A page of another site can make a browser send requests here. It cannot add the token; besides, its
 * requests name their origin, and those of a page whose name was made to mean this machine (DNS
 * rebinding) name that name as the host. Each of the three is refused on its own.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { isLoopback } from "../runtime/loopback.ts";
import { partsOf } from "../runtime/token.ts";
import { HttpFailure } from "./http_failure.ts";

/** What a server accepts. */
export interface Doorkeeper {
  /** Every request must bring one of them. */
  tokens(): readonly string[];
  /** Names by which it may be called besides loopback's, in lower case. */
  names: readonly string[];
  /** Only this machine reaches it: then by none of its other addresses. An address cannot be rebound. */
  loopbackOnly: boolean;
}

/** @throws {HttpFailure} 403 where the request calls this server by a name that is not its own */
export function checkHost(headers: Headers, door: Doorkeeper): void {
  const host = hostOf(headers.get("host") ?? "");
  if (host !== undefined) {
    if (isLoopback(host)) return;
    if (door.names.includes(host) || (!door.loopbackOnly && isIP(host) !== 0)) return;
  }
  throw new HttpFailure(
    403,
    `Cannot answer a request for the host ${JSON.stringify(headers.get("host"))}: this server is ` +
      `called ${["localhost", ...door.names].join(" or ")}, or by its ` +
      "address. Other names are allowed by BEAM_DASHBOARD_NAMES on the head.",
  );
}

/** @throws {HttpFailure} 403 where a web page of another origin asks */
export function checkOrigin(headers: Headers): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const scheme = isSecure(headers) ? "https" : "http";
  const foreign = (origin !== null && origin !== `${scheme}://${headers.get("host")}`) ||
    (site !== null && site !== "same-origin" && site !== "none");
  if (!foreign) return;
  throw new HttpFailure(
    403,
    `Cannot answer a web page of another origin (${JSON.stringify(origin ?? site)}): only this ` +
      "server's own pages and programs may ask.",
  );
}

/** True where a proxy before us speaks TLS with the browser. No page can add this to its requests. */
export function isSecure(headers: Headers): boolean {
  return headers.get("x-forwarded-proto") === "https";
}

/** @throws {HttpFailure} 401 without a token, 403 with another one: as Ray answers */
export function checkToken(headers: Headers, door: Doorkeeper): void {
  // Some proxies keep the first header for themselves; Ray's clients send the second one then.
  const given = headers.get("authorization") ?? headers.get("x-ray-authorization");
  if (given === null) {
    throw new HttpFailure(
      401,
      "Unauthorized: Missing authentication token. Set RAY_AUTH_TOKEN to the cluster's token, " +
        "which `beam token` shows on the head's machine.",
    );
  }
  const [scheme, sent] = given.trim().split(/\s+/);
  if (scheme?.toLowerCase() === "bearer" && sent !== undefined) {
    if (tokenIn(sent, door) !== undefined) return;
  }
  throw new HttpFailure(403, "Forbidden: Invalid authentication token.");
}

/** The token that this text is, as people pass it on; undefined where it is none that opens. */
export function tokenIn(text: string, { tokens }: Doorkeeper): string | undefined {
  const { token: secret } = partsOf(text);
  // All are compared, whichever fits.
  return tokens().filter((token) => isSame(secret, token))[0];
}

/** The host without its port, in lower case; undefined where it is none. */
function hostOf(text: string): string | undefined {
  const found = /^(\[[0-9a-f:.]+\]|[^:\[\]/@\s]+)(?::\d{1,5})?$/i.exec(text);
  return found?.[1]?.replace(/^\[|\]$/g, "").toLowerCase();
}

/** Compares digests, so that the time tells nothing of where the two differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
