/** Tries what a join does, step by step, and says at which it fails and why. Nothing is joined. */
import { isIP } from "node:net";
import { type CheckText, type Finding, finding } from "../doctor/check.ts";
import { openingLines } from "../doctor/cluster/firewall.ts";
import { JOIN_NAME, JOIN_PORT, JOIN_PROTOCOL, JOIN_TOKEN } from "../doctor/join_texts.ts";
import { Trouble } from "../runtime/errors.ts";
import { isLoopback } from "../runtime/loopback.ts";
import { reasonOf } from "../runtime/paths.ts";
import { addressesOf } from "../runtime/resolve.ts";
import { type Address, addressText } from "../wire/address.ts";
import { LinkClosed, RequestFailed, WireError } from "../wire/errors.ts";
import { type KnownToken, openHead } from "./head_check.ts";
import { speakerAt } from "./port_speaker.ts";

/** One step that succeeded or failed. */
export interface JoinStep {
  step: "name" | "connection" | "protocol" | "token";
  ok: boolean;
  /** What came of it. */
  text: string;
}

/** See {@link tryJoin}. */
export interface JoinTrial {
  address: string;
  steps: JoinStep[];
  findings: Finding[];
  /** This machine's address on the connection: the node's, unless one is given. */
  local?: string;
  /** The cluster's id. */
  cluster?: string;
}

export interface JoinTrialOptions {
  /** With where each came from, for sentences. */
  tokens: readonly KnownToken[];
  /** Addresses of this machine's interfaces. */
  own: readonly string[];
  /** Of each step, in milliseconds. */
  timeout?: number;
  /** Addresses of a name; a parameter for tests. */
  resolve?(name: string): Promise<string[]>;
}

const TIMEOUT = 3000;

/** Tries a join of the head at `address`. Never rejects for what the other side does. */
export async function tryJoin(address: Address, options: JoinTrialOptions): Promise<JoinTrial> {
  const trial: JoinTrial = { address: addressText(address), steps: [], findings: [] };
  const addresses = await named(address, options, trial);
  if (addresses.length === 0) return trial;
  const reached = await connected(addresses, address, options, trial);
  if (reached === undefined) return trial;
  await opened({ host: reached, port: address.port }, options, trial);
  return trial;
}

function passed(trial: JoinTrial, step: JoinStep["step"], text: string): void {
  trial.steps.push({ step, ok: true, text });
}

function failed(
  trial: JoinTrial,
  step: JoinStep["step"],
  check: CheckText,
  texts: Pick<Finding, "seen" | "breaks" | "mend">,
): void {
  trial.steps.push({ step, ok: false, text: texts.seen });
  trial.findings.push(finding(check, "error", texts));
}

const CANNOT = "This machine cannot join that cluster.";

async function named(
  { host }: Address,
  { own, resolve = addressesOf }: JoinTrialOptions,
  trial: JoinTrial,
): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  let addresses: string[];
  try {
    addresses = await resolve(host);
  } catch (error) {
    const { code } = error as { code?: string };
    failed(trial, "name", JOIN_NAME, {
      seen: `The name ${host} does not resolve here (${code ?? reasonOf(error)}).`,
      breaks: CANNOT,
      mend: `Give the head's address (\`beam up --join ADDRESS\`), or ` +
        `\`echo 'ADDRESS ${host}' | sudo tee -a /etc/hosts\`.`,
    });
    return [];
  }
  passed(trial, "name", `${host} is ${addresses.join(", ")}`);
  if (addresses.every(isLoopback) && own.some((one) => !isLoopback(one))) {
    trial.findings.push(finding(JOIN_NAME, "warning", {
      seen: `The name ${host} leads to ${addresses.join(", ")}, this very machine.`,
      breaks: "A join by that name succeeds only where the head runs here.",
      mend: `Give the head's address instead, or mend the line of ${host} in /etc/hosts.`,
    }));
  }
  return addresses;
}

/** The first address that takes a connection. */
async function connected(
  addresses: readonly string[],
  { port }: Address,
  options: JoinTrialOptions,
  trial: JoinTrial,
): Promise<string | undefined> {
  let last: unknown;
  for (const host of addresses) {
    try {
      const began = performance.now();
      const conn = await connectIn(host, port, options.timeout ?? TIMEOUT);
      const took = performance.now() - began;
      trial.local = (conn.localAddr as Deno.NetAddr).hostname;
      conn.close();
      const ms = took < 10 ? took.toFixed(1) : Math.round(took);
      passed(trial, "connection", `${addressText({ host, port })} from ${trial.local} in ${ms} ms`);
      return host;
    } catch (error) {
      last = error;
    }
  }
  failed(
    trial,
    "connection",
    JOIN_PORT,
    portTexts({ host: addresses.at(-1)!, port }, last, options),
  );
  return undefined;
}

async function connectIn(hostname: string, port: number, ms: number): Promise<Deno.TcpConn> {
  let timer: number | undefined;
  const late = Symbol("late");
  const connecting = Deno.connect({ hostname, port });
  const timeout = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  try {
    const first = await Promise.race([connecting, timeout]);
    if (first !== late) return first;
    connecting.then((conn) => conn.close(), () => {});
    throw new Deno.errors.TimedOut(`no answer within ${ms / 1000} s`);
  } finally {
    clearTimeout(timer);
  }
}

function portTexts(
  address: Address,
  error: unknown,
  { timeout = TIMEOUT, own }: JoinTrialOptions,
): Pick<Finding, "seen" | "breaks" | "mend"> {
  const at = addressText(address);
  const { port } = address;
  if (error instanceof Deno.errors.ConnectionRefused) {
    return {
      seen: `Nothing listens on ${at} (connection refused).`,
      breaks: CANNOT,
      mend: "`beam status` on the head's machine shows its address and port; start it there with " +
        "`beam up --head`, and with `--listen 0.0.0.0` where it is to be reached by another address than its node's.",
    };
  }
  if (error instanceof Deno.errors.TimedOut) {
    const from = own.find((one) => !isLoopback(one) && isIP(one) === isIP(address.host)) ??
      "THIS-MACHINE";
    return {
      seen: `${at} does not answer within ${timeout / 1000} s.`,
      breaks: CANNOT,
      mend:
        "Where the machine is on (`ping`), a firewall drops the packets. On the head's machine: " +
        openingLines("ufw", [{ from, port }]) + ", or " +
        openingLines("firewalld", [{ from, port }]) + ".",
    };
  }
  const why = reasonOf(error);
  return {
    seen: `${at} cannot be reached: ${why}.`,
    breaks: CANNOT,
    mend: /unreachable|no route/i.test(why)
      ? `\`ip route get ${address.host}\` shows that no way leads there: bring the interface up, or add a route.`
      : "See that this machine may open connections to it.",
  };
}

async function opened(
  address: Address,
  options: JoinTrialOptions,
  trial: JoinTrial,
): Promise<void> {
  const { tokens, timeout = TIMEOUT } = options;
  try {
    const { stream, cluster } = await openHead(address, { tokens, timeout });
    stream.close();
    trial.cluster = cluster;
    passed(trial, "protocol", `a head of beam, cluster ${cluster.slice(0, 12)}`);
    passed(trial, "token", tokens.length > 0 ? "it is taken" : "none is needed");
  } catch (error) {
    const cause = error instanceof Trouble ? error.cause : error;
    const check = checkOf(cause);
    const step = check === JOIN_TOKEN ? "token" : "protocol";
    if (step === "token") passed(trial, "protocol", "a head of beam");
    const speaker = cause instanceof RequestFailed ? undefined : await speakerAt(address, timeout);
    failed(trial, step, check, openingTexts(address, cause, speaker));
  }
}

const TOKEN_CODES = ["token", "open", "tls"];

function checkOf(error: unknown): CheckText {
  return error instanceof RequestFailed && TOKEN_CODES.includes(error.code)
    ? JOIN_TOKEN
    : JOIN_PROTOCOL;
}

function openingTexts(
  address: Address,
  error: unknown,
  speaker: string | undefined,
): Pick<Finding, "seen" | "breaks" | "mend"> {
  const at = addressText(address);
  if (error instanceof RequestFailed) {
    return {
      seen: `${error.message.replace(/\.$/, "")}.`,
      breaks: CANNOT,
      mend: error.mend ??
        "Use the token that `beam up --head` printed, in BEAM_TOKEN or --token-file.",
    };
  }
  const silent = error instanceof LinkClosed && /did not finish|no answer/.test(error.message);
  return {
    seen: speaker !== undefined
      ? `What listens on ${at} is ${speaker}, and no head of beam.`
      : silent
      ? `What listens on ${at} takes the connection and does not answer beam's greeting.`
      : error instanceof WireError
      ? `What listens on ${at} is no head of beam: it ${
        error instanceof LinkClosed ? "ends the connection" : "answers with something else"
      }.`
      : `The opening of the connection to ${at} fails: ${reasonOf(error)}.`,
    breaks: CANNOT,
    mend:
      `\`sudo ss -ltnp 'sport = :${address.port}'\` on that machine shows what listens there: Redis and Ray ` +
      "have the same port. Start the head with `beam up --head --port N`, and join HOST:N.",
  };
}
