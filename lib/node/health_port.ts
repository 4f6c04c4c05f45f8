/**
 * A node's own small HTTP port for probes: whether its daemon lives and has joined. It tells nothing else,
 * knows no other request, and is there only where somebody asked for it.
 */
import { connections } from "../wire/connections.ts";
import { writeAll } from "../wire/link.ts";

/** How long a peer may take for its request, in milliseconds. */
const PATIENCE = 5000;
/** Most peers at once; further ones are closed unheard. */
const MOST_PEERS = 64;
/** Longest head of a request, in bytes. */
const MOST_HEAD = 8192;

/** What is asked of the node. */
export interface HealthHost {
  /** Why it is not in the cluster, as a sentence; undefined: it is. */
  unjoined(): string | undefined;
  /** Why the head of this machine does not run; undefined: it does, or is not here. */
  headFault(): string | undefined;
  isHead: boolean;
}

/** An answer. */
interface Answer {
  status: 200 | 400 | 404 | 405 | 503;
  text: string;
}

const STATUS_WORDS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  503: "Service Unavailable",
} as const;

/** See the top of this file. */
export class HealthPort {
  readonly port: number;
  #listener: Deno.TcpListener;
  #peers = new Set<Deno.Conn>();
  #serving: Promise<void>;

  /** Begins to listen. @throws what the system answers where the port cannot be had */
  constructor(readonly host: HealthHost, at: { host: string; port: number }) {
    this.#listener = Deno.listen({ hostname: at.host, port: at.port });
    this.port = this.#listener.addr.port;
    this.#serving = this.#serve();
  }

  /** Listens no more. */
  async close(): Promise<void> {
    this.#listener.close();
    for (const peer of this.#peers) closeQuietly(peer);
    await this.#serving;
  }

  async #serve(): Promise<void> {
    for await (const peer of connections(this.#listener)) {
      if (this.#peers.size >= MOST_PEERS) {
        peer.close();
        continue;
      }
      this.#peers.add(peer);
      void this.#answer(peer).finally(() => this.#peers.delete(peer));
    }
  }

  /** Never rejects. */
  async #answer(peer: Deno.TcpConn): Promise<void> {
    const late = setTimeout(() => closeQuietly(peer), PATIENCE);
    try {
      const line = await requestLine(peer);
      await writeAll(peer, new TextEncoder().encode(responseText(line, this.host)));
      await peer.closeWrite();
      // What a peer still says must not make the system cut off the answer.
      await peer.read(new Uint8Array(1024));
    } catch {
      /* it is gone, or took too long */
    } finally {
      clearTimeout(late);
      closeQuietly(peer);
    }
  }
}

/** The whole answer to a request that begins with this line. */
export function responseText(line: string, host: HealthHost): string {
  const [method = "", target = ""] = line.split(" ");
  const { status, text } = answerTo(method, target, host);
  const length = new TextEncoder().encode(text).length;
  return `HTTP/1.1 ${status} ${
    STATUS_WORDS[status]
  }\r\nContent-Type: text/plain; charset=utf-8\r\n` +
    `Content-Length: ${length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n` +
    (method === "HEAD" ? "" : text);
}

function answerTo(method: string, target: string, host: HealthHost): Answer {
  if (!/^[A-Z]+$/.test(method) || !target.startsWith("/")) {
    return { status: 400, text: "This is no request of HTTP.\n" };
  }
  if (method !== "GET" && method !== "HEAD") return { status: 405, text: `Cannot ${method}\n` };
  switch (target.replace(/[?#].*$/, "")) {
    case "/healthz":
    case "/api/local_raylet_healthz":
      return { status: 200, text: "success" };
    case "/readyz": {
      const why = host.unjoined();
      return why === undefined
        ? { status: 200, text: "ready\n" }
        : { status: 503, text: `${why}\n` };
    }
    case "/api/healthz": {
      const fault = host.headFault();
      const gcs = fault ?? (host.isHead ? "success" : "success (no local gcs)");
      return { status: fault === undefined ? 200 : 503, text: `raylet: success\ngcs: ${gcs}` };
    }
  }
  return { status: 404, text: "There is /healthz, /readyz and /api/healthz here.\n" };
}

/** The first line of a request, once its head has ended. @throws where it is too long or ends before */
async function requestLine(peer: Deno.Conn): Promise<string> {
  const head = new Uint8Array(MOST_HEAD);
  let text = "";
  for (let at = 0; at < head.length;) {
    const count = await peer.read(head.subarray(at));
    if (count === null) break;
    at += count;
    text = new TextDecoder("latin1").decode(head.subarray(0, at));
    if (/\r?\n\r?\n/.test(text)) return text.split(/\r?\n/, 1)[0]!;
  }
  throw new RangeError("The request's head has no end");
}

function closeQuietly(peer: Deno.Conn): void {
  try {
    peer.close();
  } catch { /* closed already */ }
}
