/**
 * The cluster token: a text that every node of a cluster knows. Its UTF-8 bytes are the key.
 * Here it is only found, made and kept; the handshake uses it.
 */
import { join } from "node:path";
import { Trouble } from "./errors.ts";
import { type Env, processEnv, reasonOf } from "./paths.ts";
import { isAuthorityId } from "./tls_config.ts";
import { createWhole } from "./whole_file.ts";

/** A token and where it came from, for sentences. */
export interface FoundToken {
  token: string;
  /** `BEAM_TOKEN`, `--token-file /x`, `/home/a/.beam/token`. */
  source: string;
  /** True where the token stands in a variable of the environment. */
  inEnvironment: boolean;
  /** The id of the authority of the cluster's certificates, where the cluster has one. */
  authority?: string;
}

/** Between a token and the authority's id, in what people pass on. */
const MARK = "~";

/** A token as people pass it on: with the id of the authority, where the cluster has one. */
export function withAuthority(token: string, authority: string | undefined): string {
  return authority === undefined ? token : `${token}${MARK}${authority}`;
}

/** The parts of a token as people pass it on. */
export function partsOf(text: string): Pick<FoundToken, "token" | "authority"> {
  const at = text.lastIndexOf(MARK);
  const authority = text.slice(at + 1);
  if (at < 1 || !isAuthorityId(authority)) return { token: text };
  return { token: text.slice(0, at), authority };
}

/** Variables that hold a token or name its file; a daemon removes them from its environment. */
export const TOKEN_VARIABLES = [
  "BEAM_TOKEN",
  "BEAM_TOKEN_FILE",
  "RAY_AUTH_TOKEN",
  "RAY_AUTH_TOKEN_PATH",
] as const;

const LONGEST = 1024;

/**
 * The token that was given: by `--token-file`, else BEAM_TOKEN, BEAM_TOKEN_FILE, RAY_AUTH_TOKEN,
 * RAY_AUTH_TOKEN_PATH, and under RAY_AUTH_MODE=token Ray's own file. RAY_AUTH_MODE=disabled: not Ray's.
 * @throws {Trouble} where a named file cannot be read, or holds no token.
 */
export function givenToken(tokenFile?: string, env: Env = processEnv): FoundToken | undefined {
  if (tokenFile !== undefined) return fromFile(tokenFile, `--token-file ${tokenFile}`);
  const rays = authMode(env) !== "disabled";
  for (const name of TOKEN_VARIABLES) {
    const value = env(name);
    if (!value || (name.startsWith("RAY_") && !rays)) continue;
    if (name === "BEAM_TOKEN_FILE" || name === "RAY_AUTH_TOKEN_PATH") {
      return fromFile(value, `${name}=${value}`);
    }
    return { ...tokenText(value, name), inEnvironment: true };
  }
  const home = env("HOME");
  if (!wantsToken(env) || !home) return undefined;
  const path = rayTokenFile(home);
  return exists(path) ? fromFile(path, path) : undefined;
}

/** A token that stands in `source`. @throws {Trouble} for a text that is none */
export function tokenText(text: string, source: string): FoundToken {
  return { ...partsOf(checkToken(text, source)), source, inEnvironment: false };
}

/** Where Ray keeps a token when nobody said. */
export function rayTokenFile(home: string): string {
  return join(home, ".ray", "auth_token");
}

/** True where RAY_AUTH_MODE asks for a token. @throws {Trouble} for a mode that is none. */
export function wantsToken(env: Env = processEnv): boolean {
  return authMode(env) === "token";
}

/** Ray's switch: `token`, `disabled` (then Ray's other variables say nothing), or not set. */
function authMode(env: Env): "token" | "disabled" | undefined {
  const mode = env("RAY_AUTH_MODE");
  if (!mode) return undefined;
  const known = mode.toLowerCase();
  if (known === "token" || known === "disabled") return known;
  throw new Trouble(
    `Cannot use RAY_AUTH_MODE=${mode}: it must be token or disabled`,
    "Set it to token, or unset it.",
  );
}

/** The token kept at `path` in the runtime directory, if there is one. */
export function keptToken(path: string): FoundToken | undefined {
  return exists(path) ? fromFile(path, path) : undefined;
}

/**
 * The token kept at `path`, made and kept there where there is none. Of several that start at once
 * one makes it and all get the same.
 */
export function makeToken(path: string): FoundToken {
  const kept = keptToken(path);
  if (kept) return kept;
  const token = newToken();
  try {
    if (createWhole(path, token + "\n", 0o600)) {
      return { token, source: path, inEnvironment: false };
    }
  } catch (error) {
    throw new Trouble(
      `Cannot keep the cluster's token in ${path}: ${reasonOf(error)}`,
      "Make the directory writable, or set BEAM_RUNTIME_DIR to another one.",
      { cause: error },
    );
  }
  return fromFile(path, path);
}

/** 32 random bytes in letters that need no quoting. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

function fromFile(path: string, source: string): FoundToken {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new Trouble(
      `Cannot read the cluster's token (${source}): ${reasonOf(error)}`,
      "Name a file that holds the token that `beam up --head` printed.",
      { cause: error },
    );
  }
  return tokenText(text.trim(), source);
}

function checkToken(token: string, source: string): string {
  const fault = token === ""
    ? "it is empty"
    : token.length > LONGEST
    ? `it has ${token.length} characters`
    : /\s/.test(token)
    ? "it has white space inside"
    : undefined;
  if (fault === undefined) return token;
  throw new Trouble(
    `Cannot use the token from ${source}: it must be 1 to ${LONGEST} characters without white space, ${fault}`,
    "Use the token that `beam up --head` printed.",
  );
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
