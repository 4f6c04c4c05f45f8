/**
 * Environment variables that no process of a cluster may have in its environment, which every other
 * process of the same user can read in `/proc`: secrets, and what a template is told when it starts.
 */
const PRIVATE = /^(BEAM_TOKEN|BEAM_TOKEN_FILE|BEAM_TEMPLATE|RAY_AUTH_TOKEN.*)$/;

/** Variables that hold a token itself; others name a file that has it. */
export const SECRET_VARIABLES = ["BEAM_TOKEN", "RAY_AUTH_TOKEN"] as const;

/** True for the name of such a variable. */
export function isPrivate(name: string): boolean {
  return PRIVATE.test(name);
}

/** `env` without them. */
export function withoutPrivate(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isPrivate(name)));
}
