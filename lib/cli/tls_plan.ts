/** TLS of a node, from `--tls`, the token and Ray's variables. */
import { resolve } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import { raysTlsFiles, type TlsConfig } from "../runtime/tls_config.ts";
import type { FoundToken } from "../runtime/token.ts";
import { UsageError } from "./command.ts";
import { seconds } from "./numbers.ts";
import type { Called } from "./parse.ts";

/** What is known. */
export interface TlsFacts {
  /** `--tls` of a head. */
  wanted: boolean;
  isHead: boolean;
  token: FoundToken | undefined;
  /** How long a head's certificates are good, in seconds. */
  lifetime?: Called | undefined;
  /** The file of a head's authority's key, where it is not to make one. */
  authority?: Called | undefined;
  env?: Env;
}

/**
 * How the node is to speak TLS; undefined: not at all.
 * @throws {Trouble} where Ray's variables name too little, or there is no token; {@link UsageError}
 * for a lifetime that is none
 */
export function tlsPlan(
  { wanted, isHead, token, lifetime, authority, env = processEnv }: TlsFacts,
): TlsConfig | undefined {
  const files = raysTlsFiles(env);
  const key = isHead ? authority : undefined;
  if (files && key) {
    throw new UsageError(
      `Cannot use both RAY_USE_TLS and ${key.called}: certificates come from one of them`,
      "Leave one of them out.",
    );
  }
  if (files || key || (isHead && wanted)) {
    if (!token) {
      throw new Trouble(
        "Cannot use TLS without a token: a port that proves itself still lets everybody in",
        files
          ? "Set RAY_AUTH_MODE=token or BEAM_TOKEN, the same for all nodes."
          : "Leave out --open.",
      );
    }
    if (files) return { files };
  }
  if (!isHead) return token?.authority === undefined ? undefined : { authority: token.authority };
  // Who gives a head the token of a cluster with TLS wants that cluster again.
  if (!wanted && !key && token?.authority === undefined) return undefined;
  const plan: TlsConfig = {};
  if (token?.authority !== undefined) plan.authority = token.authority;
  if (key) plan.key = resolve(key.text);
  if (!lifetime) return plan;
  const { called, text } = lifetime;
  const lifetime_ms = seconds(called, text);
  if (lifetime_ms > 0) return { ...plan, lifetime_ms };
  throw new UsageError(
    `Cannot use ${called}=${text}: it must be a number of seconds above 0`,
    "Leave it out: certificates are good for a week, and renew themselves.",
  );
}
