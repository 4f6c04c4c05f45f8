/** Streams to other nodes' daemons: straight to their port, or through the head where that cannot be reached. */
import { type Address, addressText } from "../wire/address.ts";
import { HEAD_NAME } from "../wire/authority.ts";
import { dialTo } from "../wire/dialing.ts";
import { RequestFailed } from "../wire/errors.ts";
import { expectMessage, type Identity, type Opened, sayFirst } from "../wire/handshake.ts";
import type { Fields } from "../wire/messages.ts";

/** How long a connection may take, in milliseconds. */
const CONNECT_TIMEOUT = 2000;
/** The head's owner of a relay is given 5 s by the head. */
const RELAY_TIMEOUT = 7000;
/** Refusals of who is not the node that was meant: another cluster's has its port now. */
const ANOTHER: readonly string[] = ["token", "open", "cluster", "role", "version", "tls"];

/** Where a node's port is. */
export interface NodeAddress extends Address {
  /** By which it is known inside TLS. */
  name?: string | undefined;
}

/** What it needs of its daemon. */
export interface NodeDialerHost {
  identity(): Identity;
  /** That node's port. @throws {RequestFailed} with code node_gone where it is dead. */
  locate(node: string, signal: AbortSignal): Promise<NodeAddress>;
  /** The head as this node reaches it. */
  head(): Address;
}

/** What is wanted there: a worker, a process, or files. */
export type Wanted = Fields<"splice"> & { node: string };

/** A stream to what is wanted. */
export interface NodeStream {
  opened: Opened;
  /** The other end, for sentences. */
  peer: string;
  /** Set where the head copies the bytes: which port could not be reached, and why. */
  relayed?: { address: Address; why: string };
}

/** See the top of this file. */
export class NodeDialer {
  constructor(readonly host: NodeDialerHost) {}

  /**
   * Opens a stream. With `files` it ends at the node's daemon, which waits for a `file.want`; else it
   * is joined to the worker or process.
   * @throws {RequestFailed} where what is wanted is not there; {@link LinkClosed}, or what the system
   * answers, where neither way can be had
   */
  async open(wanted: Wanted, signal: AbortSignal): Promise<NodeStream> {
    const address = await this.host.locate(wanted.node, signal);
    const peer = `node ${addressText(address)}`;
    try {
      const role = wanted.files ? "object" : "caller";
      const opened = await this.#dial(address, role, peer);
      if (!wanted.files) await join(opened, wanted, peer);
      return { opened, peer };
    } catch (error) {
      if (error instanceof RequestFailed && !ANOTHER.includes(error.code)) throw error;
      const why = (error as Error).message;
      const opened = await this.#relay(wanted);
      return { opened, peer: `${peer}, through the head,`, relayed: { address, why } };
    }
  }

  async #relay(wanted: Wanted): Promise<Opened> {
    const head = this.host.head();
    const peer = `the head at ${addressText(head)}`;
    const opened = await this.#dial({ ...head, name: HEAD_NAME }, "relay", peer);
    await join(opened, wanted, peer);
    return opened;
  }

  async #dial(address: NodeAddress, role: "object" | "caller" | "relay", peer: string) {
    const { name } = address;
    const identity = this.host.identity();
    return await dialTo(address, { identity, role, peer, name, ms: CONNECT_TIMEOUT });
  }
}

async function join(opened: Opened, wanted: Wanted, peer: string): Promise<void> {
  await sayFirst(opened.stream, { ...wanted, kind: "splice" });
  await expectMessage(opened, "spliced", { peer, timeout: RELAY_TIMEOUT });
}
