/**
 * What is beneath the opening of a connection: TCP, or TLS 1.3 on it. (Both ends are the runtime's TLS,
 * which takes the newest version that both know.)
 *
 * A dialer checks the listener's certificate before it sends anything. The name that it checked goes into
 * the proofs of the opening, so that they are good for this listener's key only.
 */
import type { Address } from "./address.ts";
import { rootOf } from "./authority.ts";
import { closeQuietly } from "./close_quietly.ts";
import { LinkClosed, RequestFailed } from "./errors.ts";
import type { SpliceStream } from "./splice.ts";
import { TlsStream } from "./tls_stream.ts";

/** What a side that speaks TLS believes. */
export interface Trust {
  /** Root certificates in PEM. */
  roots: string;
  /**
   * True where they are of a beam authority: certificates have the names of {@link nameOf}. Else somebody
   * else makes them, and they name hosts and addresses.
   */
  isOurs: boolean;
}

/** How to reach a listener. */
export interface ConnectOptions {
  /** How long it may take, in milliseconds: the system's own patience is two minutes. */
  ms: number;
  /** Absent: no TLS. */
  trust?: Trust | undefined;
  /** Its name in a certificate of a beam authority. */
  name?: string | undefined;
  /** For sentences. */
  peer: string;
}

/** A connection before its opening. */
export interface Connection {
  stream: SpliceStream;
  /** This side's address on it. */
  local: string;
  /** What proofs are bound to; absent: no TLS. */
  bound?: string;
}

/** How long to wait for a port that may be exchanging its certificate, in milliseconds. */
const EXCHANGE_PAUSE = 100;

const made = new Map<string, Promise<Trust>>();

/** To believe the authority with this id. */
export function trustIn(authority: string): Promise<Trust> {
  const known = made.get(authority);
  if (known) return known;
  const trust = rootOf(authority).then((roots) => ({ roots, isOurs: true }));
  made.set(authority, trust);
  return trust;
}

/**
 * Connects, and where there is trust, makes sure of the listener.
 * @throws {RequestFailed} with code tls where it speaks no TLS, or has no certificate that is believed;
 * {@link LinkClosed} where it takes too long; what the system answers
 */
export async function connectTo(address: Address, options: ConnectOptions): Promise<Connection> {
  const { ms, trust, name, peer } = options;
  let late = false;
  let held: SpliceStream | undefined;
  let timer: number | undefined;
  // Who takes a connection and never says a word of TLS must not keep it open here.
  const hold = (stream: SpliceStream) => {
    held = stream;
    if (late) closeQuietly(stream);
  };
  const connecting = connect(address, options, hold).catch(async (error) => {
    if (late || !trust || !isExchanging(error)) throw error;
    await new Promise((resolve) => setTimeout(resolve, EXCHANGE_PAUSE));
    return await connect(address, options, hold);
  });
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      if (held) closeQuietly(held);
      reject(new LinkClosed(`no answer within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([connecting, timeout]);
  } catch (error) {
    throw trust ? tlsFault(error, name ?? address.host, peer) : error;
  } finally {
    clearTimeout(timer);
  }
}

async function connect(
  address: Address,
  { trust, name, peer }: ConnectOptions,
  hold: (stream: SpliceStream) => void,
): Promise<Connection> {
  const { host: hostname, port } = address;
  if (trust?.isOurs && !name) {
    throw new RequestFailed("tls", `Cannot join ${peer}: nobody said by which name to know it`);
  }
  const tcp = await Deno.connect({ hostname, port });
  hold(tcp);
  tcp.setNoDelay(true);
  const local = tcp.localAddr.hostname;
  if (!trust) return { stream: tcp, local };
  const checked = trust.isOurs ? name! : hostname;
  let stream: TlsStream;
  try {
    const caCerts = [trust.roots];
    stream = new TlsStream(await Deno.startTls(tcp, { hostname: checked, caCerts }));
  } catch (error) {
    closeQuietly(tcp);
    throw error;
  }
  hold(stream);
  try {
    await stream.handshake();
  } catch (error) {
    closeQuietly(stream);
    throw error;
  }
  return { stream, local, bound: boundTo(trust.isOurs ? name! : "") };
}

/** What both sides put into their proofs inside TLS. */
export function boundTo(name: string): string {
  return `tls ${name}`;
}

/** True for what the runtime says where the other side's bytes are no TLS. */
export function isNoTls(error: unknown): boolean {
  return error instanceof Deno.errors.InvalidData && /corrupt message/.test(error.message);
}

/** True for what a port says while it exchanges its certificate. */
function isExchanging(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.ConnectionReset;
}

function tlsFault(error: unknown, name: string, peer: string): unknown {
  if (isNoTls(error)) {
    return new RequestFailed(
      "tls",
      `Cannot join ${peer}: it does not speak TLS, and by this side's token its cluster does`,
      "Start the head with `beam up --head --tls`, or use the token that the head there prints.",
    );
  }
  const [, why] = /invalid peer certificate: (.*)$/s.exec((error as Error)?.message ?? "") ?? [];
  if (why === undefined) return error;
  if (/Expired|NotValidYet/i.test(why)) {
    return new LinkClosed(
      `${peer} has a certificate that is not good now (${why}): do the clocks of both machines agree?`,
    );
  }
  const isName = /not valid for name/.test(why);
  return new RequestFailed(
    "tls",
    `Cannot join ${peer}: ` +
      (isName
        ? `its certificate is not that of ${name}`
        : `its certificate is not of the authority that this side believes (${why})`),
    isName
      ? "Check the address; a certificate of your own must name it."
      : "Use the token that the head printed when it was started; it names its authority.",
  );
}
