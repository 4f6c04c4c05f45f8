/**
 * The slow path of calls: where a caller cannot reach the owner's port, the head has the owner's daemon
 * dial a connection of its own for it, and joins the two. Bulk never shares the nodes' links.
 */
import { randomBytes } from "node:crypto";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { encodeFrame } from "../wire/frames.ts";
import { expectMessage, type Opened, refuseStream } from "../wire/handshake.ts";
import { KeyedStreams } from "../wire/keyed_streams.ts";
import { writeAll } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import { splice, type SpliceStream } from "../wire/splice.ts";
import { connectable } from "./actor_view.ts";
import type { HeadState } from "./state.ts";

/** How long the owner's daemon may take to dial, in milliseconds. */
const ANSWER_MS = 5000;

/** See the top of this file. */
export class Relays {
  #state: HeadState;
  #expected = new Map<string, (stream: SpliceStream) => void>();
  #ending = new AbortController();
  #running = new Set<Promise<unknown>>();
  #streams: KeyedStreams;

  constructor(state: HeadState) {
    this.#state = state;
    this.#streams = new KeyedStreams(state.keys.ring, () => state.clock.now());
  }

  /** Relays that carry bytes now. */
  get size(): number {
    return this.#running.size;
  }

  /** A caller has dialed with role `relay`: serves it to the end. */
  async serve(opened: Opened, peer: string): Promise<void> {
    const wanted = await expectMessage(opened, "splice", { peer });
    let owner: SpliceStream;
    try {
      owner = await this.#dialOwner(wanted);
    } catch (error) {
      if (error instanceof RequestFailed) await refuseStream(opened.stream, error);
      throw error;
    }
    try {
      await writeAll(opened.stream, encodeFrame({ kind: "spliced" }));
    } catch (error) {
      owner.close();
      throw error;
    }
    const running = this.#streams.hold(
      opened.key,
      (signal) => splice(opened.stream, owner, { signal }),
    );
    this.#running.add(running);
    this.#state.tallies.relayed++;
    await running;
    this.#running.delete(running);
  }

  /** A daemon has dialed with role `answer`. */
  async answer(opened: Opened, peer: string): Promise<void> {
    const { relay } = await expectMessage(opened, "answer", { peer });
    const take = this.#expected.get(relay);
    if (take) return take(opened.stream);
    opened.stream.close();
    throw new LinkClosed(`${peer} answers the relay ${relay.slice(0, 8)}, which nobody waits for`);
  }

  /** Ends those of callers with a token that is taken no more. */
  endFormer(): void {
    this.#streams.endFormer();
  }

  /** Ends all relays; settles when they have ended. */
  async close(): Promise<void> {
    const reason = new LinkClosed("The head ends");
    this.#ending.abort(reason);
    this.#streams.close(reason);
    await Promise.all(this.#running);
  }

  /** The node where what is wanted runs, and what that is, for sentences. */
  #target(wanted: Message<"splice">): { node_id: string; what: string } {
    const { actor_id = "", incarnation, process, node: node_id = "", files } = wanted;
    if (files || process) {
      const what = process ? `process ${process}` : `the files of node ${node_id.slice(0, 12)}`;
      if (this.#state.brain.node(node_id)?.state !== "dead") return { node_id, what };
      throw new RequestFailed(
        files ? "node_gone" : "process_gone",
        `Cannot relay to ${what}: its node is dead`,
      );
    }
    const actor = this.#state.brain.actor(actor_id);
    if (actor && connectable(actor) && actor.incarnation === incarnation) {
      return { node_id: actor.node_id, what: `actor ${actor_id}` };
    }
    throw new RequestFailed(
      "gone",
      `Cannot relay to actor ${actor_id}: its incarnation ${incarnation} does not run`,
    );
  }

  async #dialOwner(wanted: Message<"splice">): Promise<SpliceStream> {
    const { node_id, what } = this.#target(wanted);
    const node = this.#state.brain.node(node_id);
    const link = this.#state.nodes.get(node_id);
    if (!link) {
      throw new RequestFailed(
        "unreachable",
        `Cannot relay to ${what}: its node ${node?.ip} is not connected to the head`,
      );
    }
    const relay = randomBytes(16).toString("hex");
    const { promise, resolve, reject } = Promise.withResolvers<SpliceStream>();
    const fail = () =>
      reject(
        new RequestFailed(
          "unreachable",
          `Cannot relay to ${what}: its node ${node?.ip} did not dial within ${ANSWER_MS / 1000} s`,
        ),
      );
    const stop = this.#state.clock.after(ANSWER_MS, fail);
    this.#ending.signal.addEventListener("abort", fail);
    this.#expected.set(relay, resolve);
    const { kind: _, ...asked } = wanted;
    link.send({ ...asked, kind: "relay.dial", relay });
    try {
      return await promise;
    } finally {
      stop();
      this.#ending.signal.removeEventListener("abort", fail);
      this.#expected.delete(relay);
    }
  }
}
