/** Which beam this is: the version for people, the build's digest for two ends that must agree. */

import config from "../../deno.json" with { type: "json" };
import { embeddedText } from "./assets.ts";

/** The released version, as in `deno.json`. */
export const VERSION: string = config.version;

/** What {@link buildDigest} says of a checkout, whose files may change under it. */
export const SOURCE_BUILD = "source";

let digest: string | undefined;

/** Sixteen hex digits that identify a compiled build, the same for both architectures, or `source`. */
export function buildDigest(): string {
  digest ??= embeddedText("build")?.trim() ?? SOURCE_BUILD;
  return digest;
}

/** The version and build in one word, for messages that name two ends: `0.1.0+1a2b3c4d5e6f7a8b`. */
export function buildName(): string {
  return `${VERSION}+${buildDigest()}`;
}
