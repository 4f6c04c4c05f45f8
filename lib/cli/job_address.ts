/** Where the job API of a cluster is, and the token that opens it. */
import { Trouble } from "../runtime/errors.ts";
import { isLoopback } from "../runtime/loopback.ts";
import { type Env, processEnv, runtimeDir, runtimePaths } from "../runtime/paths.ts";
import { strangerAt } from "../runtime/port_owner.ts";
import { allRecords, type DaemonRecord, recordOf, servesAddress } from "../runtime/records.ts";
import { givenToken, keptToken } from "../runtime/token.ts";
import { isJoinToken } from "../wire/join_token.ts";

/** Where Ray's tools look when nobody said anything. */
const USUAL = "http://localhost:8265";

/** See the top of this file. */
export interface JobServer {
  /** `http://127.0.0.1:8265`, without a slash at its end. */
  url: string;
  /** Undefined where none is known. */
  token: string | undefined;
}

/**
 * The server that `--address` names, else RAY_API_SERVER_ADDRESS, else RAY_ADDRESS, else this
 * machine's. As in Ray the variables go before the flag.
 * @throws {Trouble} for an address of another kind
 */
export async function jobServer(
  flag: string | undefined,
  env: Env = processEnv,
): Promise<JobServer> {
  const address = env("RAY_API_SERVER_ADDRESS") || env("RAY_ADDRESS") || flag;
  const records = await knownRecords(env);
  const url = urlOf(address, records);
  return { url, token: tokenFor(url, records, env) };
}

/** The URL of an address in any of Ray's spellings. Pure. */
export function urlOf(address: string | undefined, records: readonly DaemonRecord[]): string {
  if (address?.startsWith("ray://")) {
    throw new Trouble(
      `Cannot submit jobs to ${address}: beam has no Ray Client`,
      "Give the address of the head's HTTP server, for example http://127.0.0.1:8265.",
    );
  }
  if (address?.includes("://")) return checked(address.replace(/\/+$/, ""), address);
  const heads = records.filter((record) => record.dashboard !== undefined);
  if (!address || address === "auto" || address === "local") {
    return heads[0] ? `http://${heads[0].dashboard}` : USUAL;
  }
  // The cluster's own address, as `ray.init` takes it; else it is the server's without the scheme.
  const own = heads.find((record) => servesAddress(record, address));
  return checked(`http://${own?.dashboard ?? address}`, address);
}

function checked(url: string, given: string): string {
  if (URL.canParse(url) && /^https?:\/\//i.test(url)) return url;
  throw new Trouble(
    `Cannot use the address ${given}: it must be HOST:PORT or a URL`,
    "Give the address of the head's HTTP server, for example http://127.0.0.1:8265.",
  );
}

/**
 * The token that was given; else, for a server of this user on this machine, the one that its head
 * keeps for that. Nobody else is told of a token that was not given for it.
 * @param stranger another user who listens at a port of this machine
 * @throws {Trouble} where that is so at the server's: it would be told the token
 */
export function tokenFor(
  url: string,
  records: readonly DaemonRecord[],
  env: Env = processEnv,
  stranger: (port: number) => number | undefined = strangerAt,
): string | undefined {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const own = records.find(({ dashboard, aliases, node_ip }) =>
    dashboard?.slice(dashboard.lastIndexOf(":") + 1) === (port || "80") &&
    (isLoopback(host) || host === node_ip || aliases.includes(host))
  );
  const other = own && stranger(Number(port || "80"));
  if (other !== undefined) {
    throw new Trouble(
      `Cannot use the server at ${url}: a program of user ${other} listens at that port, which would ` +
        "be told the token",
      "End that program, or start the head anew with another `--dashboard-port`.",
    );
  }
  const given = givenToken(undefined, env);
  // A join token is good for joining only, and nobody's business elsewhere.
  if (given && !isJoinToken(given.token)) return given.token;
  return own && keptToken(runtimePaths(own.runtime_dir).dashboardToken)?.token;
}

/** This runtime directory's daemon first, then the others of this user. */
async function knownRecords(env: Env): Promise<DaemonRecord[]> {
  const own = await recordOf(runtimeDir(env), env);
  const others = (await allRecords(env)).filter(({ socket, standing }) =>
    standing && socket !== own?.socket
  );
  return own ? [own, ...others] : others;
}
