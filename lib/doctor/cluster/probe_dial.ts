/** Dials what the head asks a node to dial, so many at a time, and tells how each went. */
import type { Identity } from "../../wire/handshake.ts";
import { dialTo } from "../../wire/dialing.ts";
import { LinkClosed, RequestFailed } from "../../wire/errors.ts";
import { writeAll } from "../../wire/link.ts";
import { LARGE, NONCE, type Outcome, type ProbeResult, type ProbeTarget } from "./probe.ts";
import { readFully } from "./probe_listener.ts";

/** Dials at a time. */
const AT_ONCE = 64;
/** How long one connection may take, in milliseconds: the first packet may be lost, the second comes after a second. */
const CONNECT_MS = 3000;
/** How long the words on it may take. */
const WORDS_MS = 3000;
/** A timer that is later than this waited for a processor. */
const HELD_UP_MS = 500;

/** How to dial. */
export interface ProbeDialOptions {
  /** Who dials beam's port. */
  identity(): Identity;
  /** No dial begins later than so many milliseconds from now. */
  ms: number;
  signal?: AbortSignal;
}

/** Tries all; never throws for how they go. */
export async function dialAll(
  targets: readonly ProbeTarget[],
  options: ProbeDialOptions,
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  const until = performance.now() + options.ms;
  const queue = [...targets];
  const work = async () => {
    for (let target = queue.shift(); target; target = queue.shift()) {
      const isLate = () => performance.now() > until || options.signal?.aborted;
      let found = isLate() ? result(target, "untried", 0) : await dialOne(target, options);
      // This process itself was held up: that says nothing of the network.
      if (isHeldUp(found) && !isLate()) found = await dialOne(target, options);
      results.push(found);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, targets.length) }, work));
  return results;
}

function isHeldUp({ outcome, ms }: ProbeResult): boolean {
  const bound = outcome === "timeout" ? CONNECT_MS : CONNECT_MS + WORDS_MS;
  return outcome !== "open" && ms > bound + HELD_UP_MS;
}

async function dialOne(target: ProbeTarget, options: ProbeDialOptions): Promise<ProbeResult> {
  const began = performance.now();
  const done = (outcome: Outcome, text?: string) =>
    result(target, outcome, Math.round(performance.now() - began), text);
  try {
    if (target.way === "beam") {
      await greet(target, options);
      return done("open");
    }
    return done(await exchange(target));
  } catch (error) {
    return done(...outcomeOf(error));
  }
}

/** Beam's own port: the opening of a connection, to its end. What refuses it in words has been reached. */
async function greet({ host, port, name }: ProbeTarget, options: ProbeDialOptions): Promise<void> {
  const { stream } = await dialTo({ host, port }, {
    identity: options.identity(),
    role: "health",
    peer: `the node at ${host}`,
    ms: CONNECT_MS,
    name,
  });
  stream.close();
}

/** A high port: the nonce, and a write that needs full packets. */
async function exchange({ host, port, ask = "", answer = "" }: ProbeTarget): Promise<Outcome> {
  using connection = await connect(host, port);
  let stage: Outcome = "silent";
  const expected = fromHex(answer);
  const talk = async (): Promise<Outcome> => {
    const heard = new Uint8Array(NONCE);
    const isAnswer = async () =>
      await readFully(connection, heard) && heard.every((byte, at) => byte === expected[at]);
    await writeAll(connection, fromHex(ask));
    if (!await isAnswer()) return "stranger";
    stage = "stalled";
    await writeAll(connection, new Uint8Array(LARGE));
    return await isAnswer() ? "open" : "stalled";
  };
  const { promise: late, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => resolve(stage), WORDS_MS);
  try {
    const talking = talk();
    talking.catch(() => {}); // what is still on its way ends with the connection
    return await Promise.race([talking, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws what the system answers, {@link LinkClosed} where it says nothing in time */
async function connect(hostname: string, port: number): Promise<Deno.TcpConn> {
  const late = new LinkClosed("nothing came back");
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(late), CONNECT_MS);
  try {
    return await Deno.connect({ hostname, port, signal: controller.signal });
  } catch (error) {
    throw controller.signal.aborted ? late : error;
  } finally {
    clearTimeout(timer);
  }
}

const BY_CODE: Readonly<Record<string, Outcome>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "refused",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "host_unreachable",
  EACCES: "host_unreachable",
  EPERM: "net_unreachable",
  ENETUNREACH: "net_unreachable",
  ENETDOWN: "net_unreachable",
};

/** What a failed dial tells. */
export function outcomeOf(error: unknown): [outcome: Outcome, text?: string] {
  const { code, message } = error as { code?: string; message: string };
  if (error instanceof RequestFailed) return ["fault", message];
  const outcome = BY_CODE[code ?? ""];
  if (outcome) return [outcome];
  if (error instanceof LinkClosed && /no answer within|nothing came back/.test(message)) {
    return ["timeout"];
  }
  return ["fault", message];
}

function result(target: ProbeTarget, outcome: Outcome, ms: number, text?: string): ProbeResult {
  const { node_id, way, host, port } = target;
  return { node_id, way, host, port, outcome, ms, ...(text !== undefined && { text }) };
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
