/** What a token that is given to a head must be. */
import { Trouble } from "../runtime/errors.ts";
import type { FoundToken } from "../runtime/token.ts";
import { isJoinToken } from "../wire/join_token.ts";

/** Shorter ones can be found by trying, by who overhears a connection. Those of beam have 43. */
const SHORTEST_SAFE = 16;

/** @throws {Trouble} for a join token: it opens a cluster, it makes none. */
export function checkHeadToken({ token, source }: FoundToken): void {
  if (!isJoinToken(token)) return;
  throw new Trouble(
    `Cannot start a head with the token from ${source}: it is a join token, which only lets nodes in`,
    "Leave it out, and the head makes a token; or join the cluster that it is of: `beam up --join HOST`.",
  );
}

/** A sentence about a token that is too short; undefined where it is not. */
export function shortTokenWarning({ token, source }: FoundToken): string | undefined {
  if (token.length >= SHORTEST_SAFE) return undefined;
  return `warning: the token from ${source} has ${token.length} characters: who overhears a connection ` +
    `can find it by trying. Leave it out and beam makes one, or use ${SHORTEST_SAFE} or more at random.`;
}
