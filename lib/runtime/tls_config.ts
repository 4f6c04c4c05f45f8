/** How a cluster speaks TLS, as the configurations of daemons and heads say it. */
import { Trouble } from "./errors.ts";
import { type Env, processEnv } from "./paths.ts";

/** Paths of files in PEM that somebody else makes. */
export interface TlsFiles {
  certificate: string;
  key: string;
  /** Whose certificates are believed. */
  roots: string;
}

/** See the top of this file. */
export interface TlsConfig {
  /** The id of the authority to believe; a head's own must be this one. */
  authority?: string;
  /** A head's: the file of its authority's private key; absent: it makes one and keeps it. */
  key?: string;
  /** Instead of an authority of the cluster's own. */
  files?: TlsFiles;
  /** How long a head's certificates are good, in milliseconds. */
  lifetime_ms?: number;
}

/** True for text that may be an authority's id: its public key, 32 bytes, in letters. */
export function isAuthorityId(text: string): boolean {
  return /^[\w-]{43}$/.test(text);
}

/** Ray's variables for that, by what they name. */
const VARIABLES = {
  certificate: "RAY_TLS_SERVER_CERT",
  key: "RAY_TLS_SERVER_KEY",
  roots: "RAY_TLS_CA_CERT",
} as const;

/**
 * The files that Ray's variables name, where RAY_USE_TLS wants TLS.
 * @throws {Trouble} where one of them is missing
 */
export function raysTlsFiles(env: Env = processEnv): TlsFiles | undefined {
  if (!["1", "true"].includes(env("RAY_USE_TLS")?.toLowerCase() ?? "")) return undefined;
  const files: TlsFiles = { certificate: "", key: "", roots: "" };
  for (const name of ["certificate", "key", "roots"] as const) {
    files[name] = env(VARIABLES[name]) ?? "";
    if (files[name] !== "") continue;
    throw new Trouble(
      `Cannot use TLS as RAY_USE_TLS says: ${VARIABLES[name]} is not set`,
      `Set ${Object.values(VARIABLES).join(", ")} to files in PEM, or leave RAY_USE_TLS out and ` +
        "start the head with `beam up --head --tls`, which makes certificates.",
    );
  }
  return files;
}

/** Reads the field of a configuration. @throws {TypeError} naming what is wrong */
export function tlsConfigOf(value: Record<string, unknown>): TlsConfig {
  const { authority, key, files, lifetime_ms } = value;
  const config: TlsConfig = {};
  if (key !== undefined) config.key = textOf(key, "tls.key");
  if (authority !== undefined) config.authority = textOf(authority, "tls.authority");
  if (lifetime_ms !== undefined) {
    if (!(typeof lifetime_ms === "number" && lifetime_ms > 0)) {
      throw new TypeError(`\`tls.lifetime_ms\` must be a number above 0, got ${lifetime_ms}`);
    }
    config.lifetime_ms = lifetime_ms;
  }
  if (files !== undefined) {
    const named = files as Record<string, unknown>;
    config.files = {
      certificate: textOf(named["certificate"], "tls.files.certificate"),
      key: textOf(named["key"], "tls.files.key"),
      roots: textOf(named["roots"], "tls.files.roots"),
    };
  }
  return config;
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TypeError(`\`${name}\` must be a text, got ${JSON.stringify(value)}`);
}
