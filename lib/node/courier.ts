/**
 * Brings files of other nodes here, from daemon to daemon: straight to the other node's port, or
 * through the head where that cannot be reached. A stream that breaks is taken up where it broke.
 *
 * A part of the daemon that wants to hand files out registers a source under a name of its own
 * (`daemon`'s `sources.set("package", (name) => path)`), and the same part on another node fetches
 * with `courier.fetch({ source: "package", name, node }, path, { signal })`.
 */
import { FILE, likeDirectory } from "../runtime/group_access.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import type { KeyedStreams } from "../wire/keyed_streams.ts";
import { receiveFile } from "./file_stream.ts";
import { FirstSignal } from "./first_signal.ts";
import { NodeDialer, type NodeDialerHost, type NodeStream } from "./node_dialer.ts";

/** How long a stream is taken up again without a byte more, in milliseconds. */
const PATIENCE = 15_000;
const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 1000;
/** Answers that no waiting mends. */
const FINAL: readonly string[] = ["object_lost", "node_gone", "cluster", "version"];

/** A file of another node. */
export interface RemoteFile {
  /** What hands it out there: a key of that daemon's sources. */
  source: string;
  name: string;
  /** The node's id. */
  node: string;
}

/** What the courier needs of its daemon. */
export interface CourierHost extends NodeDialerHost {
  node_id(): string;
  log(text: string): void;
  /** Ends streams whose token is taken no more. */
  streams: KeyedStreams;
  /** Ends all transfers. */
  signal: AbortSignal;
}

/** See the top of this file. */
export class Courier {
  /** Nodes whose port could not be reached: told once each. */
  #relayed = new Set<string>();
  #dialer: NodeDialer;

  constructor(readonly host: CourierHost, readonly patience = PATIENCE) {
    this.#dialer = new NodeDialer(host);
  }

  /**
   * Copies a file of another node to `path`, where none may be yet. Nothing is left there on failure.
   * @returns its size in bytes
   * @throws {RequestFailed} with code object_lost where that node is dead, cannot be reached for a
   * while, or has no such file; the signal's reason; what the system answers where `path` cannot
   * be written (code ENOSPC where the disk is full)
   */
  async fetch(
    wanted: RemoteFile,
    path: string,
    options: { signal?: AbortSignal } = {},
  ): Promise<number> {
    using first = new FirstSignal(options.signal, this.host.signal);
    const { signal } = first;
    const file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    try {
      likeDirectory(path, FILE.read);
      return await this.#fill(wanted, file, signal);
    } catch (error) {
      await Deno.remove(path).catch(() => {});
      throw error;
    } finally {
      file.close();
    }
  }

  async #fill(wanted: RemoteFile, file: Deno.FsFile, signal: AbortSignal): Promise<number> {
    const { source, name, node } = wanted;
    const progress = (at: number) => (offset = at, since = Date.now());
    let offset = 0;
    let since = Date.now();
    let pause = SHORTEST_PAUSE;
    for (;;) {
      const before = offset;
      try {
        const { opened, peer } = await this.#open(node, signal);
        const want = { source, name, offset, node: this.host.node_id() };
        const got = await this.host.streams.hold(opened.key, async (cut) => {
          using first = new FirstSignal(signal, cut);
          return await receiveFile(opened, want, file, { peer, signal: first.signal, progress });
        });
        return got.size;
      } catch (error) {
        signal.throwIfAborted();
        if (isOurs(error)) throw error;
        const last = error as Error & { code?: string };
        if (FINAL.includes(last.code ?? "")) throw lost(wanted, last);
        if (offset > before) pause = SHORTEST_PAUSE;
        if (Date.now() - since > this.patience) throw lost(wanted, last);
      }
      await sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  async #open(node: string, signal: AbortSignal): Promise<NodeStream> {
    const stream = await this.#dialer.open({ node, files: true }, signal);
    const { peer, relayed } = stream;
    if (relayed && !this.#relayed.has(node)) {
      this.#relayed.add(node);
      this.host.log(
        `Objects of ${peer} come through the head, which is slow: its port cannot be reached (${relayed.why})`,
      );
    }
    return stream;
  }
}

/** True where it failed on this side, as a full disk does. */
function isOurs(error: unknown): boolean {
  if (error instanceof RequestFailed || error instanceof LinkClosed) return false;
  return ["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS"].includes(
    (error as { code?: string }).code ?? "",
  );
}

function lost({ source, name, node }: RemoteFile, error: Error): RequestFailed {
  return new RequestFailed(
    "object_lost",
    `Cannot fetch the ${source} ${name} from node ${node.slice(0, 12)}: ${error.message}`,
  );
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
