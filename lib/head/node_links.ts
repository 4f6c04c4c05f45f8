/** Links to the daemons: one per node. */
import { isLoopback } from "../runtime/loopback.ts";
import { isEveryAddress } from "../wire/address.ts";
import { LinkClosed, ProtocolError, RequestFailed } from "../wire/errors.ts";
import type { Opened } from "../wire/handshake.ts";
import { fieldsOf, Link, type Received } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import { jobNumberOf } from "../cluster/jobs.ts";
import type { NodeReport } from "../cluster/events.ts";
import type { NodeSpec } from "../cluster/node.ts";
import { checkMessage } from "../wire/validate.ts";
import { connectable, drainOrder, stateNews } from "./actor_view.ts";
import { takeWord } from "./client_words.ts";
import { loseDriver } from "./job_requests.ts";
import { MOST_NODES } from "./node_bounds.ts";
import { deathReportOf, nodeReportOf, nodeSpecOf, watchedOf } from "./node_spec.ts";
import { checkAsker, checkDriver, checkLines, isOwnWorker, NotYours } from "./own.ts";
import { isKey, keyDigest } from "./node_key.ts";
import { registerWorker } from "./register_worker.ts";
import { handleRequest } from "./requests.ts";
import type { Answer, Asker, HeadState } from "./state.ts";
import { FORMER_TOKEN, type TokenHolder } from "./token_handover.ts";

/** How long a refused daemon's link stays, so that it can read why, in milliseconds. */
const FAREWELL_MS = 1000;
/** Why a node is dead that a person named. */
const PUT_OUT = "was put out by `beam token rotate --without`";
const OUT_MEND =
  "Should it be in again, start it with the cluster's new token: `beam down` here, then " +
  "the line that `beam token create` prints on the head's machine.";
/** After so many words about what is not its own a node's link ends. */
const MOST_LIES = 100;
/** A node that joins knows at most so many jobs that the books have lost. */
const MOST_UNHEARD_JOBS = 10_000;

/** The two ends of a connection, as addresses. */
export interface Ends {
  /** The daemon's, as the head sees it. */
  remote_ip: string;
  /** The head's, as the daemon dialed it. */
  local_ip: string;
  /** For sentences. */
  peer: string;
}

/** One link and what is known of its node. */
interface NodeLink extends TokenHolder {
  ends: Ends;
  /** The join token that it proved. */
  join?: string;
  /** When `node.seen` was last told. */
  seen: number;
  /** Later ones are larger. */
  serial: number;
  /** How often it spoke of what is not its own. */
  lies: number;
  /** It was put out: nothing that it says is heard. */
  out: boolean;
}

/** See the top of this file. */
export class NodeLinks {
  /** Hands a worker's output to its driver. */
  onLog: (message: Message<"log">) => void = () => {};
  #state: HeadState;
  #joined = new Map<string, NodeLink>();
  #all = new Set<NodeLink>();
  #serial = 0;
  /** The newest link by which each node has joined: what an older one says is no longer so. */
  #newest = new Map<string, number>();

  constructor(state: HeadState) {
    this.#state = state;
  }

  /** The link of a node that is connected. */
  get(node_id: string): Link | undefined {
    return this.#joined.get(node_id)?.link;
  }

  /** Number of connected nodes. */
  get size(): number {
    return this.#joined.size;
  }

  /** The connected nodes, and which token each has. */
  get holders(): Iterable<TokenHolder> {
    return this.#joined.values();
  }

  /** The join token by which that node came in, as it says itself. */
  joinedBy(node_id: string): string | undefined {
    const extra = this.#state.brain.node(node_id)?.extra as { join_token?: unknown } | undefined;
    return typeof extra?.join_token === "string" ? extra.join_token : undefined;
  }

  /** The head's signs of life. */
  ping(): void {
    for (const { link } of this.#joined.values()) link.send({ kind: "ping" });
  }

  /** Tells the brain who was heard since the last time, and when. */
  hearing(): void {
    for (const node of this.#joined.values()) {
      if (node.link.lastHeard <= node.seen) continue;
      node.seen = node.link.lastHeard;
      this.#state.shell.step({ kind: "node.seen", node_id: node.node_id, at: node.seen });
    }
  }

  /** A daemon has dialed. */
  add(opened: Opened, ends: Ends): void {
    const node: NodeLink = {
      ends,
      node_id: "",
      secret: opened.secret,
      key: opened.key,
      seen: 0,
      lies: 0,
      out: false,
      serial: ++this.#serial,
      link: new Link(opened.stream, {
        peer: ends.peer,
        decoder: opened.decoder,
        now: () => this.#state.clock.now(),
        onMessage: (received) => this.#take(node, received),
      }),
    };
    if (opened.join !== undefined) node.join = opened.join;
    this.#all.add(node);
    node.link.closed.then((reason) => this.#closed(node, reason));
    node.link.start(opened.early);
  }

  /** Ends the link of a node that the brain no longer wants; its daemon is told when it dials. */
  reject(node_id: string, reason: string): void {
    const node = this.#joined.get(node_id);
    if (!node) return;
    this.#joined.delete(node_id);
    node.link.close(new LinkClosed(reason));
  }

  /**
   * Nodes are put out by name: they are dead, and told why. All other links end too, but those of `stay`:
   * whose they are cannot be told.
   */
  putOut(node_ids: readonly string[], stay: ReadonlySet<TokenHolder>): void {
    const { shell } = this.#state;
    for (const node of [...this.#all]) {
      if (stay.has(node)) continue;
      const named = node_ids.includes(node.node_id);
      node.out = true;
      shell.waiting.drop(node.link);
      if (!named) {
        node.link.close(new LinkClosed(FORMER_TOKEN));
        continue;
      }
      this.#joined.delete(node.node_id);
      const told = { kind: "node.out" as const, message: `This node ${PUT_OUT}.`, mend: OUT_MEND };
      node.link.request(told).catch(() => {});
      this.#farewell(node);
    }
    for (const node_id of node_ids) {
      shell.step({ kind: "node.out", node_id, reason: `it ${PUT_OUT}` });
    }
  }

  /** The brain has forgotten the node. */
  forget(node_id: string): void {
    this.#newest.delete(node_id);
  }

  /** Ends all links. */
  close(): void {
    for (const { link } of this.#all) link.close(new LinkClosed("The head ends"));
  }

  #closed(node: NodeLink, reason: Error): void {
    this.#all.delete(node);
    this.#state.shell.waiting.drop(node.link);
    this.#state.handover.lost(node);
    if (node.node_id === "" || this.#joined.get(node.node_id) !== node) return;
    this.#joined.delete(node.node_id);
    const about = { node_id: node.node_id, peer: node.ends.peer };
    const text = `link to node ${node.node_id} ended: ${reason.message}`;
    this.#state.log.write("warning", text, about);
    this.#state.shell.step({ kind: "node.lost", node_id: node.node_id, reason: reason.message });
  }

  #take(node: NodeLink, received: Received): void {
    if (node.out) return;
    try {
      this.#dispatch(node, received);
    } catch (error) {
      // A daemon must not lose its node over one message that the head cannot deal with.
      const refused = error instanceof RequestFailed || error instanceof ProtocolError;
      this.#state.log.write(
        refused ? "warning" : "error",
        `message ${received.message.kind} of ${node.ends.peer} ${
          refused ? `was refused: ${error.message}` : `failed: ${(error as Error)?.stack ?? error}`
        }`,
        { ...(node.node_id !== "" && { node_id: node.node_id }), peer: node.ends.peer },
      );
      node.link.refuse(received, error);
      if (!(error instanceof NotYours) || ++node.lies < MOST_LIES) return;
      node.link.close(
        new ProtocolError(
          `It spoke of what is not its own ${MOST_LIES} times; at last: ${error.message}`,
        ),
      );
    }
  }

  #dispatch(node: NodeLink, received: Received): void {
    const { kind } = received.message;
    if (kind === "node.join") return this.#join(node, received);
    if (kind === "node.certify") return this.#certify(node, received);
    if (kind === "token.fetch") return this.#state.handover.fetch(node, received);
    if (kind === "token.have") {
      return this.#state.handover.has(node, fieldsOf(received, kind).key);
    }
    if (node.node_id === "") {
      throw new RequestFailed("not_joined", `Cannot take \`${kind}\` before \`node.join\``);
    }
    switch (kind) {
      case "client.request":
        return this.#request(node, received);
      case "client.gone": {
        const gone = received.message as Message<"client.gone">;
        checkDriver(this.#state.brain, node.node_id, gone.job_id);
        return loseDriver(this.#state, gone);
      }
      case "actor.event":
        return this.#event(node, received);
      case "client.said":
        return takeWord(
          this.#state,
          node.node_id,
          fieldsOf(received, "client.said"),
          received.body,
        );
      case "log.lines": {
        const { kind, ...fields } = fieldsOf(received, "log.lines").message;
        const lines = checkMessage({ ...fields, kind: String(kind) });
        if (lines.kind !== "log") {
          throw new ProtocolError(
            `Cannot hand on \`${lines.kind}\` to a driver: these are no lines`,
          );
        }
        checkLines(this.#state.brain, node.node_id, lines as Message<"log">);
        return this.onLog(lines as Message<"log">);
      }
      case "node.usage":
        return this.#state.objects.used(node.node_id, fieldsOf(received, kind));
      case "node.leave": {
        const { reason } = fieldsOf(received, "node.leave");
        this.#state.shell.step({ kind: "node.leave", node_id: node.node_id, reason });
        return node.link.reply(received, "node.leave", {});
      }
    }
    throw new RequestFailed("unknown_request", `Cannot take \`${kind}\` from a node`);
  }

  #certify({ link }: NodeLink, received: Received): void {
    const kind = "node.certify";
    const { tls } = this.#state;
    if (!tls) throw new RequestFailed("tls", "Cannot make a certificate: this cluster has no TLS");
    tls.certify(fieldsOf(received, kind)).then(
      (fields) => link.reply(received, kind, fields),
      (error) => link.refuse(received, error),
    );
  }

  #join(node: NodeLink, received: Received): void {
    const { shell, brain, cluster, watched } = this.#state;
    const fields = fieldsOf(received, "node.join");
    const spec = nodeSpecOf(fields.node, node.ends.remote_ip);
    const report = fields.report ? nodeReportOf(fields.report, spec.node_id) : undefined;
    try {
      this.#admit(node, spec, { key: fields.key, jobs: report?.jobs ?? [] });
    } catch (error) {
      this.#farewell(node);
      throw error;
    }
    if (node.serial < (this.#newest.get(spec.node_id) ?? 0)) {
      return node.link.close(new LinkClosed("The node has dialed anew"));
    }
    this.#takeOver(spec, node.ends);
    const event = { kind: "node.join" as const, node: spec, ...(report && { report }) };
    shell.step(event, (effects) => {
      const rejected = effects.find((effect) =>
        effect.kind === "node.rejected" && effect.node_id === spec.node_id
      );
      if (rejected?.kind === "node.rejected") {
        const dead = brain.node(spec.node_id)?.state === "dead";
        const code = dead ? "declared_dead" : "bad_request";
        node.link.refuse(received, new RequestFailed(code, rejected.reason));
        return this.#farewell(node);
      }
      for (const worker of report?.actors ?? []) {
        const { node_id } = spec;
        registerWorker(this.#state, { ...worker, node_id, pid: worker.pid ?? 0 });
        watched.add(worker.actor_id, node_id);
      }
      // The order may have been lost with the former link, or with the head that gave it.
      for (const { actor_id, incarnation } of report?.actors ?? []) {
        const actor = brain.actor(actor_id);
        if (actor?.incarnation !== incarnation || !connectable(actor)) continue;
        if (actor.released) node.link.send(drainOrder(actor));
        else this.#state.submissions.stopAgain(actor, node.link);
      }
      const former = this.#joined.get(spec.node_id);
      node.node_id = spec.node_id;
      node.seen = this.#state.clock.now();
      this.#joined.set(spec.node_id, node);
      this.#newest.set(spec.node_id, node.serial);
      // It tells again what its processes count; of those that are gone it tells nothing more.
      this.#state.metrics.forgetNode(spec.node_id);
      if (former && former !== node) {
        former.link.close(new LinkClosed("The node has dialed anew"));
      }
      node.link.reply(received, "node.join", {
        cluster,
        epoch: brain.epoch,
        node_ip: spec.ip,
        head_ip: this.#headAddress(node.ends.local_ip),
      });
      this.#repeatNews(node, watchedOf(fields.report));
      if (report) this.#state.objects.rejoined(spec.node_id, node.link);
      if (node.join !== undefined) this.#state.tokens.used(node.join);
      this.#state.handover.joined(node);
    });
  }

  /** @throws {RequestFailed} where it says that it is another node, or more than can be */
  #admit(
    node: NodeLink,
    spec: NodeSpec,
    { key, jobs }: { key: Uint8Array | null | undefined; jobs: NodeReport["jobs"] },
  ): void {
    const { brain } = this.#state;
    const refuse = (code: string, why: string) =>
      new RequestFailed(
        code,
        `Cannot let ${node.ends.remote_ip} join as node ${spec.node_id}: ${why}`,
      );
    if (node.node_id !== "" && node.node_id !== spec.node_id) {
      throw refuse("bad_request", `on this link node ${node.node_id} has joined`);
    }
    const known = brain.node(spec.node_id);
    if (known && known.state !== "dead" && !isKey(known, key)) {
      throw refuse("node_taken", "another daemon has this id");
    }
    const { remote_ip, local_ip } = node.ends;
    if (spec.is_head && remote_ip !== local_ip && !isLoopback(remote_ip)) {
      throw refuse("bad_request", "it says that it is the head's own, and is on another machine");
    }
    const living = [...brain.books.nodes.values()].filter(({ state }) => state !== "dead");
    if (!known && living.length >= MOST_NODES) {
      throw refuse("bad_request", `there are ${MOST_NODES} nodes already`);
    }
    const most = brain.books.next_job + MOST_UNHEARD_JOBS;
    const beyond = jobs.find(({ job_id }) => (jobNumberOf(job_id) ?? Infinity) >= most);
    if (beyond) {
      throw refuse("bad_request", `it reports a job ${beyond.job_id}, which nobody began`);
    }
    if (key) spec.extra = { ...spec.extra as Record<string, unknown>, key_digest: keyDigest(key) };
    else delete (spec.extra as Record<string, unknown>)["key_digest"];
  }

  /** As this node reaches the head; loopback reaches it from here only, and programs tell the address on. */
  #headAddress(dialed: string): string {
    const { host } = this.#state;
    return isLoopback(dialed) && !isLoopback(host) && !isEveryAddress(host) ? host : dialed;
  }

  /**
   * A daemon that was killed says nothing. The one started in its place says whose place it is, or,
   * where a start between them failed and took that knowledge along, is known by the place.
   */
  #takeOver(spec: NodeSpec, { remote_ip }: Ends): void {
    const { brain: { books }, shell } = this.#state;
    const reason = "its daemon had ended, and a new one was started in its place";
    for (const former of [...books.nodes.values()]) {
      const { node_id, state, hostname } = former;
      if (state === "dead" || node_id === spec.node_id || hostname !== spec.hostname) continue;
      const link = this.#joined.get(node_id);
      // A living daemon is nobody's to replace but its own machine's.
      const named = isNamed(former, spec) && (!link || link.ends.remote_ip === remote_ip);
      if (!named && (link || !isSamePlace(former, spec))) continue;
      shell.step({ kind: "node.leave", node_id, reason });
    }
  }

  #farewell({ link }: NodeLink): void {
    const stop = this.#state.clock.after(FAREWELL_MS, () => link.close());
    link.closed.then(stop);
  }

  #request(node: NodeLink, received: Received): void {
    const { client, request, job_id, actor_id, ask } = fieldsOf(received, "client.request");
    const asker: Asker = { node_id: node.node_id, client, link: node.link };
    if (job_id) asker.job_id = job_id;
    if (actor_id) asker.actor_id = actor_id;
    if (ask) asker.ask = ask;
    checkAsker(this.#state.brain, asker);
    const answer: Answer = {
      give: (fields, body = new Uint8Array(0)) => node.link.passOn(received, fields, body),
      refuse: (error) => node.link.refuse(received, error),
    };
    handleRequest(this.#state, asker, { header: request, body: received.body }, answer);
  }

  /** What became of actors while the node was away, for its processes that asked after them. */
  #repeatNews({ node_id, link }: NodeLink, actor_ids: string[]): void {
    const { brain, watched, initErrors } = this.#state;
    for (const actor_id of actor_ids) {
      const actor = brain.actor(actor_id);
      // Of the first life nothing was told but that it is there.
      if (actor === undefined) continue;
      if (actor.step === "ended" || actor.incarnation > 1) {
        link.send(stateNews(actor), initErrors.get(actor_id));
      }
      if (actor.step !== "ended") watched.add(actor_id, node_id);
    }
  }

  #event(node: NodeLink, received: Received): void {
    const { shell, initErrors } = this.#state;
    const { event, actor_id, incarnation, pid, address, report, intended } = fieldsOf(
      received,
      "actor.event",
    );
    const worker = { node_id: node.node_id, actor_id, incarnation };
    // Of others the brain takes no word either; late news of a former worker are no lie.
    const own = isOwnWorker(this.#state.brain, node.node_id, worker);
    if (!own) {
      this.#state.log.write(
        "info",
        `node ${node.node_id} tells \`${event.slice(0, 32)}\` of ${
          actor_id.slice(0, 32)
        }/${incarnation}, ` +
          "which the books do not have there",
        { node_id: node.node_id, actor_id: actor_id.slice(0, 32) },
      );
    }
    switch (event) {
      case "ready":
        shell.step({ kind: "actor.ready", ...worker, pid: pid ?? 0, address });
        if (own) registerWorker(this.#state, { ...worker, pid: pid ?? 0, address });
        return;
      case "initialized":
        shell.step({
          kind: "actor.initialized",
          ...worker,
          ...(typeof pid === "number" && { pid }),
          ...(address && { address }),
        });
        return;
      case "blocked":
      case "unblocked":
      case "returned":
        if (own) shell.step({ kind: `actor.${event}`, actor_id, incarnation });
        return;
      case "died": {
        const death = deathReportOf(report);
        const released = this.#state.brain.actor(actor_id)?.released;
        const meant = intended === true || released === true;
        const { workers, clock } = this.#state;
        workers.died(worker, { report: death, now: clock.now(), intended: meant });
        if (own && death.kind === "init") initErrors.put(actor_id, received.body);
        if (death.kind === "start") {
          shell.step({ kind: "actor.placed_failed", ...worker, report: death });
        } else {
          shell.step({ kind: "actor.died", ...worker, report: death, intended: meant });
        }
        node.link.send({ kind: "actor.noted", actor_id, incarnation });
        return;
      }
    }
    throw new RequestFailed("bad_request", `Cannot take the event \`${event}\` of a worker`);
  }
}

/** True where the daemon says that it took this node's place. */
function isNamed(former: NodeSpec, { extra }: NodeSpec): boolean {
  return (extra as { replaces?: unknown }).replaces === former.node_id;
}

/** True for the same runtime directory of the same machine: it has one daemon at a time. */
function isSamePlace(former: NodeSpec, spec: NodeSpec): boolean {
  const dirOf = ({ extra }: NodeSpec) =>
    (extra as { runtime_dir?: unknown } | undefined)?.runtime_dir;
  return former.ip === spec.ip && dirOf(spec) !== undefined && dirOf(former) === dirOf(spec);
}
