/** One worker process, from the moment the head asks for it until it is gone. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { DeathReport } from "../cluster/death.ts";
import type { Link } from "../wire/link.ts";
import type { LastWord } from "./death_report.ts";
import type { Prepared } from "./environments.ts";
import type { WorkerOrder } from "./order.ts";
import type { WorkerSource } from "./worker_source.ts";

/**
 * - `starting`: asked for; it may not have a process yet
 * - `ready`: it said hello, callers can connect; `__init__` may still run
 * - `running`: `__init__` returned
 * - `ended`: gone
 */
export type WorkerState = "starting" | "ready" | "running" | "ended";

/** What a worker does with what it holds, see `worker.lend`. */
export type Lending = "unblocked" | "blocked" | "returned";

/** See the top of this file. */
export class Worker {
  state: WorkerState = "starting";
  /** 0 while unknown. */
  pid = 0;
  /** The one-time name it says its hello with. */
  readonly spawn = randomBytes(12).toString("hex");
  /** Ray's worker id: 56 hex digits. */
  readonly worker_id = randomBytes(28).toString("hex");
  /** Where callers connect. */
  readonly socket: string;
  readonly out: string;
  readonly err: string;
  readonly started_at: number;
  /** A fork was asked for: there is or will be a process. */
  forked = false;
  template: WorkerSource | undefined;
  /** What its runtime environment gave it. */
  prepared: Prepared | undefined;
  /** Aborts what is still being set up for it. */
  readonly gone = new AbortController();
  /** Its control link. */
  link: Link | undefined;
  lending: Lending = "unblocked";
  /** How its class wants it shown. */
  repr: string | undefined;
  /** Why beam ends it. */
  asked: DeathReport | undefined;
  /** What it said last, and the pickled exception with it. */
  said: LastWord | undefined;
  saidBody: Uint8Array = new Uint8Array(0);
  /** Kills it when it does not end by itself. */
  deadline: number | undefined;
  /** The kernel's count of out-of-memory kills when it started, less those that were told of by then. */
  oomKills: number | undefined;

  constructor(
    readonly order: WorkerOrder,
    places: { sockets: string; logs: string },
    now: number,
  ) {
    this.started_at = now;
    this.socket = join(places.sockets, `${this.spawn}.sock`);
    const name = `worker-${order.actor_id.slice(0, 12)}-${order.incarnation}-${
      this.spawn.slice(0, 4)
    }`;
    this.out = join(places.logs, `${name}.out`);
    this.err = join(places.logs, `${name}.err`);
  }

  get actor_id(): string {
    return this.order.actor_id;
  }

  get incarnation(): number {
    return this.order.incarnation;
  }

  /** Callers can connect to it. */
  get connectable(): boolean {
    return this.state === "ready" || this.state === "running";
  }

  /** What the head keeps as the actor's address, and what it knows the process by. */
  get address(): { socket: string; worker_id: string; started_at: number } {
    const { socket, worker_id, started_at } = this;
    return { socket, worker_id, started_at };
  }

  /** How its lines of output are marked. */
  get shownName(): string {
    return this.repr || this.order.class_name;
  }

  /** SIGKILL, where there is a process. */
  kill(): void {
    if (this.pid === 0 || this.state === "ended") return;
    try {
      Deno.kill(this.pid, "SIGKILL");
    } catch { /* it has ended: its exit is on the way */ }
  }
}
