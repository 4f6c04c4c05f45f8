/** For tests: a clock that is moved by hand, a head on a free port, and a node that is only a link. */
import { randomBytes } from "node:crypto";
import { dial, type Identity, type Role } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";
import { type Answer, fieldsOf, Link, type Received } from "../wire/link.ts";
import type { Fields, Message, MessageKind, Reply, RequestKind } from "../wire/messages.ts";
import type { Clock } from "../runtime/clock.ts";
import type { LivenessConfig } from "./config.ts";
import { Head, type HeadOptions } from "./head.ts";

/** Time passes when {@link FakeClock.pass} says so. */
export class FakeClock implements Clock {
  #now: number;
  #timers = new Set<{ at: number; run: () => void; every?: number }>();

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  /** By how much it was set, in milliseconds. */
  set = 0;

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now + this.set;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  every(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run, every: ms };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what is due, in order. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter((timer) => timer.at <= end)
        .sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#now = Math.max(this.#now, next.at);
      if (next.every === undefined) this.#timers.delete(next);
      else next.at += next.every;
      next.run();
    }
    this.#now = end;
  }
}

/** A runtime directory that is gone after the test. */
export class Folder {
  readonly path = Deno.makeTempDirSync();
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

export const TOKEN = "secret";
const identity = (token = TOKEN): Identity => ({
  build: "test",
  keys: new Keyring(token),
});

/** A head on a free loopback port. */
export function startHead(
  folder: Folder,
  options: HeadOptions & { port?: number; token?: string; liveness?: LivenessConfig } = {},
): Promise<Head> {
  const { port = 0, token = TOKEN, liveness } = options;
  const listen = { host: "127.0.0.1", port };
  const config = { listen, token, runtime_dir: folder.path, ...(liveness && { liveness }) };
  return Head.start(config, options);
}

/** Dials the head. */
export async function dialHead(port: number, role: Role, token = TOKEN) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  return await dial(conn, { identity: identity(token), role, peer: "the head" });
}

export interface NodeFacts {
  node_id?: string;
  ip?: string;
  cpus?: number;
  gpus?: number;
  /** Bytes. */
  object_store_memory?: number;
  port?: number;
  extra?: Record<string, unknown>;
  report?: Record<string, unknown>;
  /** Answers what the head asks; true: it is not put into the inbox. */
  answer?: (received: Received, link: Link) => boolean;
}

const UNIT = 10_000;

/** A node daemon's side of the link, and nothing behind it. */
export class FakeNode implements AsyncDisposable {
  /** What came and was not taken yet. */
  readonly inbox: Received[] = [];
  #wake: (() => void) | undefined;

  private constructor(
    readonly link: Link,
    readonly node_id: string,
    readonly joined: Joined,
    readonly answer: NodeFacts["answer"],
  ) {}

  static async join(port: number, facts: NodeFacts = {}): Promise<FakeNode> {
    const { node_id = randomBytes(28).toString("hex"), ip = "10.0.0.1" } = facts;
    const { cpus = 4, gpus = 0, report } = facts;
    const opened = await dialHead(port, "node");
    let node: FakeNode | undefined;
    const early: Received[] = [];
    const link = new Link(opened.stream, {
      peer: "the head",
      decoder: opened.decoder,
      onMessage: (received) => node ? node.#take(received) : early.push(received),
    }).start(opened.early);
    const spec = {
      node_id,
      ip,
      aliases: [],
      hostname: "test",
      is_head: false,
      total: {
        CPU: cpus * UNIT,
        ...(gpus > 0 && { GPU: gpus * UNIT }),
        ...(facts.object_store_memory !== undefined && {
          object_store_memory: facts.object_store_memory * UNIT,
        }),
        [`node:${ip}`]: UNIT,
      },
      gpu_ids: Array.from({ length: gpus }, (_, index) => String(index)),
      labels: {},
      port: facts.port ?? 6380,
      extra: facts.extra ?? {},
    };
    try {
      const { fields } = await link.request({
        kind: "node.join",
        node: spec,
        ...(report && { report }),
      });
      node = new FakeNode(link, node_id, fields, facts.answer);
    } catch (error) {
      link.close();
      throw error;
    }
    for (const received of early) node.#take(received);
    return node;
  }

  #take(received: Received): void {
    if (received.message.kind === "ping" || this.answer?.(received, this.link)) return;
    this.inbox.push(received);
    this.#wake?.();
  }

  /** The next message of this kind that fits; earlier ones of other kinds stay. */
  async next<K extends MessageKind>(
    kind: K,
    fits: (fields: Fields<K>) => boolean = () => true,
  ): Promise<{ fields: Fields<K>; body: Uint8Array }> {
    for (;;) {
      const at = this.inbox.findIndex((got) =>
        got.message.kind === kind && fits(fieldsOf(got, kind))
      );
      const [got] = at < 0 ? [] : this.inbox.splice(at, 1);
      if (got) return { fields: fieldsOf(got, kind), body: got.body };
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** The next push to `client`. */
  async pushed(client: string, kind: string): Promise<Record<string, unknown>> {
    const { fields } = await this.next(
      "client.push",
      (push) => push.client === client && push.message["kind"] === kind,
    );
    return fields.message;
  }

  /** A request of a process on this node. */
  async ask<K extends RequestKind>(
    message: Message<K>,
    as: { client?: string; job_id?: string; actor_id?: string; body?: Uint8Array } = {},
  ): Promise<Answer<K>> {
    const { client = "driver", body, ...who } = as;
    const answer = await this.link.request(
      { kind: "client.request", client, request: { ...message }, ...who },
      body ? { body } : {},
    );
    return answer as unknown as Answer<K>;
  }

  /** The body of the answer to a question whose answer is JSON. */
  async query<T>(message: Message<Extract<RequestKind, `query.${string}`>>): Promise<T> {
    return JSON.parse(new TextDecoder().decode((await this.ask(message)).body));
  }

  /** Starts a job. @returns its id */
  async startJob(client = "driver", more: Partial<Fields<"driver.start">> = {}): Promise<string> {
    const { fields } = await this.ask({ ...driverStart, ...more }, { client });
    return fields.job_id;
  }

  /** What became of a worker. */
  tell(
    event: "ready" | "initialized" | "died" | "blocked" | "unblocked" | "returned",
    worker: { actor_id: string; incarnation: number },
    more: Partial<Fields<"actor.event">> = {},
    body?: Uint8Array,
  ): void {
    const { actor_id, incarnation } = worker;
    this.link.send({ kind: "actor.event", event, actor_id, incarnation, ...more }, body);
  }

  /** Takes the order for a worker and says that it runs. */
  async run(actor_id: string, pid = 100): Promise<Fields<"worker.start">> {
    const { fields } = await this.next("worker.start", (order) => order.actor_id === actor_id);
    this.tell("ready", fields, { pid, address: { socket: `/s/${actor_id}` } });
    this.tell("initialized", fields, { pid });
    return fields;
  }

  /** Settles once the head has dealt with all that was sent before. */
  async settled(): Promise<void> {
    await this.ask({ kind: "query.resources" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link.close();
    await this.link.closed;
  }
}

type Joined = Reply<"node.join">;

export const driverStart: Message<"driver.start"> = {
  kind: "driver.start",
  protocol: 1,
  pid: 42,
  python: "3.11.7",
  executable: "/usr/bin/python3",
  cwd: "/home/me",
  sys_path: ["/home/me"],
  entrypoint: "train.py",
};

/** An actor's creation. */
export function actorCreate(
  job_id: string,
  more: Partial<Message<"actor.create">> = {},
): Message<"actor.create"> {
  return {
    kind: "actor.create",
    actor_id: randomBytes(12).toString("hex") + job_id,
    class_name: "Counter",
    place: { CPU: UNIT },
    run: {},
    max_restarts: 0,
    detached: false,
    python: "3.11.7",
    meta: new Uint8Array([1, 2, 3]),
    ...more,
  };
}

/** A group's creation. */
export function groupCreate(
  job_id: string,
  more: Partial<Message<"group.create">> = {},
): Message<"group.create"> {
  return {
    kind: "group.create",
    pg_id: randomBytes(14).toString("hex") + job_id,
    strategy: "PACK",
    bundles: [{ CPU: UNIT }],
    detached: false,
    ...more,
  };
}
