/** What the head tells the node to do. */
import { RequestFailed } from "../wire/errors.ts";
import { fieldsOf, type Link, type Received } from "../wire/link.ts";
import type { Fields, Message, MessageKind } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import type { Doctor } from "./doctor.ts";
import type { NodeLogs } from "./node_logs.ts";
import type { ObjectPlane } from "./object_plane.ts";
import { orderOf, reportOf } from "./order.ts";
import type { ProbeOrders } from "./probe_orders.ts";
import type { Readings } from "./readings.ts";
import type { Stacks } from "./stacks.ts";
import type { TokenKeeper } from "./token_keeper.ts";
import type { WorkerNews } from "./worker_news.ts";
import type { Workers } from "./workers.ts";

/** What the orders need of the node. */
export interface HeadOrdersHost {
  workers: Workers;
  news: WorkerNews;
  objects: Pick<ObjectPlane, "take">;
  tokens: Pick<TokenKeeper, "changed" | "use">;
  /** The process at the control socket with this id. */
  client(id: string): Client | undefined;
  /** This node was put out of the cluster. */
  putOut(why: RequestFailed): void;
  /** Answers the head's question after a submitted job's output, over the link that it came by. */
  readLog(received: Received, link: Link): Promise<void>;
  doctor: Pick<Doctor, "answer">;
  /** Takes what is about trying connections; false for anything else. */
  probes: Pick<ProbeOrders, "take">;
  logs: Pick<NodeLogs, "answerList" | "answerPart">;
  /** Answers what the node's processes are doing. */
  stacks: Pick<Stacks, "answer">;
  /** Answers what the machine is busy with. */
  readings: Pick<Readings, "answer">;
  /** Dials the head for a call that it relays; settles when the call's stream has ended. */
  answerRelay(fields: Fields<"relay.dial">): Promise<void>;
  warn(text: string): void;
}

/** See the top of this file. */
export class HeadOrders {
  constructor(readonly host: HeadOrdersHost) {}

  /** Carries out one message that came over `link`. */
  take(received: Received, link: Link): void {
    const { message, body } = received;
    const { kind } = message;
    const { workers, news } = this.host;
    if (this.host.objects.take(received)) return;
    if (this.host.probes.take(received, link)) return;
    switch (kind) {
      case "worker.start":
        return workers.start(orderOf(fieldsOf(received, kind), body));
      case "worker.stop": {
        const { actor_id, incarnation, report, drain } = fieldsOf(received, kind);
        return workers.stop(actor_id, incarnation, reportOf(report), drain);
      }
      case "actor.noted": {
        const { actor_id, incarnation } = fieldsOf(received, kind);
        return news.deaths.noted(actor_id, incarnation);
      }
      case "token.changed":
        return void this.host.tokens.changed(link);
      case "token.use":
        return this.host.tokens.use(fieldsOf(received, kind));
      case "node.out": {
        const { message, mend } = fieldsOf(received, kind);
        return this.host.putOut(new RequestFailed("put_out", message, mend));
      }
      case "client.push":
        return this.#push(fieldsOf(received, kind), body);
      case "submission.log":
        return void this.host.readLog(received, link);
      case "node.logs":
        return this.host.logs.answerList(received, kind, link);
      case "node.log":
        return void this.host.logs.answerPart(received, link);
      case "node.stacks":
        return void this.host.stacks.answer(received, link);
      case "node.readings":
        return void this.host.readings.answer(received, link);
      case "node.doctor":
        return void this.host.doctor.answer(received, kind, link);
      case "relay.dial":
        return void this.#relay(fieldsOf(received, kind));
      default:
        return this.host.warn(`The head sent a message that is none of its: ${kind}`);
    }
  }

  /** To one client, or, of an actor, to all that have located it. */
  #push({ client, message }: Fields<"client.push">, body: Uint8Array): void {
    const pushed = message as unknown as Message<MessageKind>;
    if (client !== "" && pushed.kind === "log") {
      return this.host.client(client)?.pushLog(pushed as Message<"log">);
    }
    if (client !== "") return this.host.client(client)?.push(pushed, body);
    if (pushed.kind === "lease.wanted") {
      return this.host.news.tellWanted((pushed as Message<"lease.wanted">).actor_id);
    }
    if (pushed.kind !== "actor.state") return;
    this.host.news.tellWatchers(pushed as Message<"actor.state">, body);
  }

  async #relay(fields: Fields<"relay.dial">): Promise<void> {
    try {
      await this.host.answerRelay(fields);
    } catch (error) {
      this.host.warn(`A relayed call could not be answered: ${(error as Error).message}`);
    }
  }
}
