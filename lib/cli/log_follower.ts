/** Prints logs, and goes on with what is written; of an actor through its lives, to its death. */
import { Trouble } from "../runtime/errors.ts";
import { LinkClosed, RequestFailed } from "../wire/errors.ts";
import { causeText } from "../cluster/death.ts";
import type { ActorView } from "./cluster_status.ts";
import { reportLines } from "./deaths.ts";
import { lastEvents, newEvents } from "./events.ts";
import { findLogs, type FoundLog, LogReader } from "./log_source.ts";
import { printPart, say } from "./output.ts";
import { clusterStatus } from "./status_source.ts";

/** How long to wait before a head is asked again that did not answer, in milliseconds. */
const PAUSE_MS = 1000;

/** How logs are shown. */
export interface FollowOptions {
  /** How many last lines; Infinity: all. */
  lines: number;
  follow: boolean;
  /** Its later lives are followed too. */
  actor?: ActorView | undefined;
}

/** See the top of this file. */
export class LogFollower {
  /** Whose lines were printed last. */
  #last: FoundLog | undefined;
  #several = false;
  /** Lines that are not whole yet, where several logs share the output. */
  #rest = new Map<FoundLog, string>();
  /** What is asked does not answer just now. */
  #away = false;
  /** Nodes whose end was told. */
  #lost = new Set<string>();

  constructor(readonly options: FollowOptions) {}

  /** Settles when there is no more, or with the actor's death; without `follow` at once. */
  async show(logs: readonly FoundLog[]): Promise<void> {
    const { follow, actor, lines } = this.options;
    // Of an actor's earlier lives only what is asked for without following.
    const wanted = logs.filter((log) =>
      follow ? !actor || isOfLife(log, actor.incarnation) : log.bytes > 0
    );
    this.#several = wanted.length > 1;
    const readers = wanted.map((log) => ({ log, reader: new LogReader(log) }));
    for (const { log, reader } of readers) await this.#printLast(log, reader, lines);
    if (!follow) return this.#flush();
    await Promise.all(readers.map(({ log, reader }) => this.#follow(log, reader)));
    this.#flush();
    if (actor) await this.#goOn(actor);
  }

  async #printLast(log: FoundLog, reader: LogReader, lines: number): Promise<void> {
    try {
      const { text } = await reader.last(lines);
      this.#print(log, text);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Until nobody writes it any more. */
  async #follow(log: FoundLog, reader: LogReader): Promise<void> {
    for (;;) {
      try {
        const { text, running, anew } = await reader.more();
        this.#back();
        if (anew) say(`${log.name} was cut or begun anew: some lines may come twice.`);
        this.#print(log, text);
        if (!running && text === "") return;
      } catch (error) {
        if (isNodeGone(error)) {
          if (await this.#isOver(log)) return;
        } else if (isGone(error)) return;
        else await this.#awayFor(error);
      }
    }
  }

  /** Whether the node is dead; one that is only out of contact is waited for. */
  async #isOver({ node_id, node_ip }: FoundLog): Promise<boolean> {
    const { nodes } = await clusterStatus();
    const node = nodes.find((one) => one.node_id === node_id);
    if (node?.alive) {
      if (!this.#away) say(`Node ${node_ip} is out of contact. Waiting for it.`);
      this.#away = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      return false;
    }
    if (!this.#lost.has(node_id)) say(`Node ${node_ip} is gone: its logs end here.`);
    this.#lost.add(node_id);
    this.#away = false;
    return true;
  }

  /** Waits for the actor's next life or its death. */
  async #goOn(known: ActorView): Promise<void> {
    let followed = known.incarnation;
    const { last } = await lastEvents();
    const news = newEvents(last);
    for (;;) {
      const status = await clusterStatus();
      const actor = status.actors.find(({ actor_id }) => actor_id === known.actor_id);
      if (!actor) return say(`${nameOf(known)} is forgotten: it ended long ago.`);
      if (actor.state === "DEAD") return sayDeath(actor);
      if (actor.incarnation > followed) {
        followed = actor.incarnation;
        const cause = actor.death ? `: ${causeText(actor.death)}` : "";
        say(`${nameOf(actor)} died${cause} It is started again (life ${followed}).`);
      }
      const { logs } = await findLogs(status, { what: actor.actor_id });
      const own = logs.filter((log) => isOfLife(log, followed) && log.running);
      if (own.length > 0) {
        this.#several = own.length > 1;
        await Promise.all(own.map((log) => this.#follow(log, new LogReader(log))));
        this.#flush();
        // What ended it is told soon; its next life may be there already.
        const now = (await clusterStatus()).actors.find(({ actor_id }) =>
          actor_id === known.actor_id
        );
        if (now?.state === "DEAD" || (now?.incarnation ?? 0) > followed) continue;
      }
      for (;;) {
        const { value } = await news.next();
        if (value.actor_id === known.actor_id) break;
      }
    }
  }

  #print(log: FoundLog, text: string): void {
    if (text === "") return;
    if (!this.#several) return printPart(text);
    const all = (this.#rest.get(log) ?? "") + text;
    const end = all.lastIndexOf("\n") + 1;
    this.#rest.set(log, all.slice(end));
    this.#printWhole(log, all.slice(0, end));
  }

  #printWhole(log: FoundLog, text: string): void {
    if (text === "") return;
    if (this.#last !== log) printPart(`==> ${log.name} on ${log.node_ip} <==\n`);
    this.#last = log;
    printPart(text);
  }

  /** What has no end of line yet. */
  #flush(): void {
    for (const [log, text] of this.#rest) if (text !== "") this.#printWhole(log, `${text}\n`);
    this.#rest.clear();
  }

  async #awayFor(error: unknown): Promise<void> {
    const passes = error instanceof LinkClosed ||
      (error instanceof Trouble && error.code === "timeout");
    if (!passes) throw error;
    if (!this.#away) say(`${(error as Error).message}. Waiting for it.`);
    this.#away = true;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  #back(): void {
    if (this.#away) say("It answers again.");
    this.#away = false;
  }
}

function isOfLife(log: FoundLog, incarnation: number): boolean {
  return log.incarnation === incarnation;
}

/** An empty log goes with its worker, and a node may go with all of its own. */
function isGone(error: unknown): boolean {
  return (error instanceof RequestFailed && error.code === "no_log") || isNodeGone(error);
}

function isNodeGone(error: unknown): boolean {
  return error instanceof RequestFailed && error.code === "node_gone";
}

function nameOf({ name, class_name, actor_id }: ActorView): string {
  return `${name || class_name} (${actor_id.slice(0, 12)})`;
}

function sayDeath(actor: ActorView): void {
  const lines = actor.death ? reportLines(actor.death) : ["It ended."];
  say([`${nameOf(actor)} is dead: ${lines[0]}`, ...lines.slice(1)].join("\n  "));
}
