/** A head: the brain, its shell, its journal and its port put together. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type BrainConfig, DEFAULT_CONFIG } from "../cluster/config.ts";
import { type Log, NO_LOG } from "../runtime/log.ts";
import { runtimePaths } from "../runtime/paths.ts";
import { RAY_VERSION } from "../runtime/ray_version.ts";
import { buildName } from "../runtime/version.ts";
import type { Opened } from "../wire/handshake.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { ClusterKeys } from "./cluster_keys.ts";
import type { FormerHead, HeadConfig, HeadReady } from "./config.ts";
import { openDashboard, type Opened as OpenedDashboard } from "./dashboard_host.ts";
import { Effects } from "./effects.ts";
import { Doctor } from "./doctor.ts";
import { HeadTls } from "./head_tls.ts";
import { EVENTS, sayStart } from "./event_requests.ts";
import { EventLog } from "./event_log.ts";
import { Health } from "./health.ts";
import { InitErrors } from "./init_errors.ts";
import { Journal, JournalError, setAside } from "./journal.ts";
import { JoinTokens } from "./join_tokens.ts";
import { type Ends, NodeLinks } from "./node_links.ts";
import { ObjectNotices } from "./object_notices.ts";
import { ProcessMetrics } from "./process_metrics.ts";
import { nodeFinder, sessionName } from "./queries.ts";
import { Readings } from "./readings.ts";
import { Refusals } from "./refusals.ts";
import { Relays } from "./relay.ts";
import { type Port, Server } from "./server.ts";
import { Shell } from "./shell.ts";
import { Specs } from "./specs.ts";
import { Submissions } from "./submissions.ts";
import type { HeadState } from "./state.ts";
import { TaskLog } from "./task_log.ts";
import { WatchedActors } from "./watched_actors.ts";
import { Tallies } from "./tallies.ts";
import { TokenHandover } from "./token_handover.ts";
import { WorkerRegistry } from "./worker_registry.ts";

/** Every so many ticks the nodes get a ping. */
const BEAT_TICKS = 2;

/** What a test may replace. */
export interface HeadOptions {
  clock?: Clock;
  log?: Log;
  brain?: Partial<BrainConfig>;
  /** Instead of the file in the runtime directory. */
  journal?: Journal;
  /** Instead of the port that the configuration names. */
  server?: Port;
}

/** What a head is put together from. */
interface Parts {
  config: HeadConfig;
  journal: Journal;
  server: Port;
  options: HeadOptions;
  /** What became of the former journal, in words. */
  fault?: string | undefined;
  tls?: HeadTls | undefined;
}

/** The brain's times, where the configuration says something of them. */
function patience({ liveness = {} }: HeadConfig): Partial<BrainConfig> {
  const { dead_ms } = liveness;
  if (dead_ms === undefined) return liveness;
  // Who gives silence more time gives it to a lost connection too.
  const usual = DEFAULT_CONFIG.reconnect_grace_ms / DEFAULT_CONFIG.dead_ms;
  return { ...liveness, reconnect_grace_ms: Math.round(dead_ms * usual) };
}

/** Why a head with a new journal does not know what others ask for. */
const LOST = "The head lost its journal, and with it what it knew of actors and groups.";

/** Opens the journal; one that cannot be read is set aside, and another begun in its place. */
function openJournal(path: string, former?: FormerHead): { journal: Journal; fault?: string } {
  try {
    const journal = new Journal(path);
    try {
      journal.check();
      return { journal };
    } catch (error) {
      journal.close();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof JournalError && error.damaged)) throw error;
    const aside = setAside(path);
    const fault = `${error.message} It was set aside as ${aside}, and ` +
      (former
        ? "the cluster goes on without what was in it: nodes and drivers stay, actors and groups of " +
          "before have ended."
        : "with it who the cluster was: this is a new one. On each other machine, end the node with " +
          "`beam down` and join again.");
    return { journal: new Journal(path), fault };
  }
}

async function openTls(config: HeadConfig, clock: Clock): Promise<HeadTls | undefined> {
  if (!config.tls) return undefined;
  return await HeadTls.open(config.tls, runtimePaths(config.runtime_dir).authority, clock);
}

/** See the top of this file. */
export class Head {
  readonly port: number;
  readonly cluster: string;
  readonly epoch: number;
  /** For tests: what the parts share. */
  readonly state: HeadState;
  readonly #journal: Journal;
  readonly #server: Port;
  readonly #relays: Relays;
  readonly #health: Health;
  readonly #effects: Effects;
  readonly #stopTicking: () => void;
  readonly #dashboard: OpenedDashboard | undefined;
  #ticks = 0;
  #saidFailure = false;

  readonly #journalFault: string | undefined;

  private constructor(parts: Parts) {
    const { config, journal, server, options } = parts;
    const clock = options.clock ?? systemClock();
    const cluster = journal.fact("cluster") ?? config.former?.cluster ??
      randomBytes(28).toString("hex");
    journal.putFact("cluster", cluster);
    const brain = { ...patience(config), ...options.brain };
    const shell = new Shell(journal, clock, { ...options, brain, former: config.former });
    this.#journalFault = parts.fault;
    if (parts.fault !== undefined) shell.brain.books.lost = LOST;
    const state = {
      build: buildName(),
      cluster,
      host: config.address ?? config.listen.host,
      port: server.port,
      dashboard: "",
      shell,
      brain: shell.brain,
      specs: new Specs(journal, (id) => (shell.brain.actor(id)?.step ?? "ended") !== "ended"),
      initErrors: new InitErrors(),
      watched: new WatchedActors(),
      clock,
      log: options.log ?? NO_LOG,
      tls: parts.tls,
    } as HeadState;
    state.events = new EventLog(journal, clock);
    state.events.watch(() => shell.waiting.look(EVENTS));
    state.submissions = new Submissions(state, journal);
    state.nodes = new NodeLinks(state);
    state.keys = new ClusterKeys({
      journal,
      token: config.token,
      again: config.former !== undefined,
      file: runtimePaths(config.runtime_dir).token,
      now: clock.now(),
    });
    state.tokens = new JoinTokens(journal, state.keys.ring);
    state.handover = new TokenHandover({
      keys: state.keys,
      tokens: state.tokens,
      clock,
      nodes: () => state.nodes.holders,
      joinedBy: (node_id) => state.nodes.joinedBy(node_id),
      putOut: (node_ids, stay) => state.nodes.putOut(node_ids, stay),
      away: () =>
        [...shell.brain.books.nodes.values()]
          .filter((node) => node.state !== "dead" && !state.nodes.get(node.node_id))
          .map(({ node_id }) => node_id),
      endFormerStreams: () => {
        this.#relays.endFormer();
        this.#health.endFormer();
      },
    });
    state.objects = new ObjectNotices(state);
    state.tallies = new Tallies(state.events, clock.now(), shell.brain.books.next_death);
    state.readings = new Readings({ links: () => state.nodes.holders, clock });
    const finder = nodeFinder(state);
    state.workers = new WorkerRegistry(finder);
    state.tasks = new TaskLog();
    state.metrics = new ProcessMetrics({
      session: sessionName(cluster),
      version: RAY_VERSION,
      ip: (node_id) => {
        const node = finder.node(node_id);
        return node?.dead ? undefined : node?.ip;
      },
      actor: (worker_id) => {
        const actor_id = state.workers.get(worker_id)?.actor_id;
        return shell.brain.actor(actor_id ?? "")?.kind === "task" ? undefined : actor_id;
      },
    });
    this.state = state;
    this.#journal = journal;
    this.#server = server;
    this.port = server.port;
    this.cluster = cluster;
    this.epoch = shell.brain.epoch;
    this.#effects = new Effects(state);
    shell.carrier = this.#effects;
    state.nodes.onLog = (message) => this.#effects.pushToDriver(message.job_id, message);
    state.relays = this.#relays = new Relays(state);
    state.doctor = new Doctor(state, () => this.#relays.size);
    this.#health = new Health(state);
    this.#dashboard = openDashboard(state, config);
    if (this.#dashboard && "server" in this.#dashboard) {
      state.dashboard = this.#dashboard.server.address;
    }
    const refusals = new Refusals(state);
    server.start({
      identity: { build: state.build, keys: state.keys.ring, cluster },
      join: (id, peer) => state.tokens.secret(id, peer, clock.now()),
      now: () => clock.now(),
      onOpened: (opened, ends) => this.#admit(opened, ends),
      onRefused: (peer, error) => refusals.tell(peer, error),
    });
    if (parts.tls) {
      parts.tls.exchange = (certificate) => server.exchange?.(certificate);
      parts.tls.fault = (text) => state.log.write("warning", text);
    }
    this.#stopTicking = clock.every(shell.brain.books.config.tick_ms, () => this.#tick());
    sayStart(state, parts.fault);
    state.log.write(
      "info",
      `head of cluster ${cluster} listens on ${config.listen.host}:${this.port}, epoch ${this.epoch}`,
    );
  }

  /** Starts a head. @throws JournalError, PortError with sentences for a person */
  static async start(config: HeadConfig, options: HeadOptions = {}): Promise<Head> {
    const { journal, fault = undefined } = options.journal
      ? { journal: options.journal }
      : openJournal(config.db ?? join(config.runtime_dir, "head.db"), config.former);
    try {
      const tls = await openTls(config, options.clock ?? systemClock());
      const server = options.server ?? await Server.listen(config.listen, tls?.certificate);
      try {
        return new Head({ config, journal, server, options, fault, tls });
      } catch (error) {
        tls?.close();
        await server.close();
        throw error;
      }
    } catch (error) {
      journal.close();
      throw error;
    }
  }

  /** What it tells when it is ready. */
  get ready(): HeadReady {
    const { port, cluster, epoch } = this;
    const ready: HeadReady = { port, cluster, epoch, build: this.state.build };
    const { tls } = this.state;
    if (tls?.authority) ready.authority = tls.authority.id;
    if (this.#journalFault !== undefined) ready.journal_fault = this.#journalFault;
    const opened = this.#dashboard;
    if (!opened) return ready;
    return "server" in opened
      ? { ...ready, dashboard: opened.server.address }
      : { ...ready, dashboard_fault: opened.fault };
  }

  /** Ends the head; nodes and workers go on, and look for the next one. */
  async close(): Promise<void> {
    this.#stopTicking();
    this.state.tls?.close();
    this.state.readings.close();
    this.state.tallies.close();
    const { nodes, shell, log } = this.state;
    if (this.#dashboard && "server" in this.#dashboard) await this.#dashboard.server.close();
    shell.waiting.drop();
    nodes.close();
    this.#health.close();
    await Promise.all([this.#server.close(), this.#relays.close()]);
    this.#journal.close();
    log.write("info", "head ended");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #admit(opened: Opened, ends: Ends): void | Promise<void> {
    // The token may have been changed since the opening began; who dials again is told.
    if (!this.#isTaken(opened, ends)) return opened.stream.close();
    switch (opened.role) {
      case "node":
        return this.state.nodes.add(opened, ends);
      case "relay":
        return this.#relays.serve(opened, ends.peer);
      case "answer":
        return this.#relays.answer(opened, ends.peer);
      default:
        return this.#health.serve(opened, ends.peer);
    }
  }

  #isTaken({ key, join }: Opened, { peer }: Ends): boolean {
    const { keys, tokens, clock } = this.state;
    if (join === undefined) return keys.ring.takes(key, clock.now());
    try {
      tokens.secret(join, peer, clock.now());
      return true;
    } catch {
      return false;
    }
  }

  #tick(): void {
    const { shell, nodes } = this.state;
    if (this.#ticks++ % BEAT_TICKS === 0) nodes.ping();
    nodes.hearing();
    this.state.handover.enforce();
    this.state.tallies.look(this.state.brain.books);
    shell.step({ kind: "tick" });
    shell.journal.flush();
    this.#sayFailure();
  }

  /** Says once that the journal cannot be written, and once that it can be again. */
  #sayFailure(): void {
    const { failure, path } = this.#journal;
    if ((failure !== undefined) === this.#saidFailure) return;
    this.#saidFailure = failure !== undefined;
    const text = failure === undefined
      ? `The head can write its journal ${path} again.`
      : `The head cannot write its journal ${path} (${failure}): it takes no new work until it can.`;
    this.state.log.write(failure === undefined ? "info" : "error", text);
    this.state.events.add(
      failure === undefined
        ? { kind: "journal.mended", severity: "info", text }
        : { kind: "journal.failed", severity: "error", text },
    );
    for (const job of this.state.brain.books.jobs.values()) {
      if (job.state === "running") this.#effects.warn(job.job_id, "journal", text);
    }
  }
}
