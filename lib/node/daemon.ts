/**
 * The node daemon: its parts, and what each tells the others. It owns this machine's workers, serves
 * the control socket and the node's port, and keeps a link to the head.
 *
 * It is longer than its parts because it is where they meet; nothing is decided here that a part
 * could decide by itself.
 */
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { DeathReport } from "../cluster/death.ts";
import type { FactsRequest } from "../doctor/read_facts.ts";
import type { DashboardConfig, HeadReady, LivenessConfig } from "../head/config.ts";
import { type Network, readNetwork } from "../probe/network.ts";
import { networkVariables } from "../probe/network_variables.ts";
import { type Level, LogFile } from "../runtime/log.ts";
import { logBounds } from "../runtime/log_bounds.ts";
import { environmentsDir, packageLimit, packagesDir, PackageStore } from "../runtime/packages.ts";
import { systemClock } from "../runtime/clock.ts";
import { nodeLogDir, reasonOf } from "../runtime/paths.ts";
import { type DaemonRecord, writeRecord } from "../runtime/records.ts";
import { ensureShim } from "../runtime/shim.ts";
import { keptToken } from "../runtime/token.ts";
import { buildName } from "../runtime/version.ts";
import { removeQuietly, removeTree } from "../runtime/whole_file.ts";
import { addressText } from "../wire/address.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Identity } from "../wire/handshake.ts";
import { KeyedStreams } from "../wire/keyed_streams.ts";
import { Keyring } from "../wire/keyring.ts";
import type { Link, Received } from "../wire/link.ts";
import type { Fields, Message, Reply } from "../wire/messages.ts";
import { ActorAnswers } from "./actor_answers.ts";
import { headDialAddress, movedNotes, nodeAddress, nodeAliases } from "./addresses.ts";
import { AwayNotice } from "./away_notice.ts";
import { assignmentOf, type NodeFacts } from "./assignment.ts";
import type { Client } from "./client.ts";
import { ClientWords } from "./client_words.ts";
import type { DaemonConfig } from "./config.ts";
import { ControlServer } from "./control_server.ts";
import { withDeadline } from "./deadline.ts";
import { Doctor } from "./doctor.ts";
import { Drivers } from "./drivers.ts";
import { environmentLimits, Environments } from "./environments.ts";
import { HeadAsks } from "./head_asks.ts";
import { HeadLink } from "./head_link.ts";
import { HeadOrders } from "./head_orders.ts";
import { HeadProcess } from "./head_process.ts";
import { HealthPort } from "./health_port.ts";
import { holdInstance, type Instance } from "./instance.ts";
import { answerJobLog, pruneJobLogs } from "./job_log.ts";
import { joinReport } from "./join_report.ts";
import { LaunchPlan } from "./launch_plan.ts";
import type { Libc } from "./libc.ts";
import { ObjectPlane } from "./object_plane.ts";
import { pruneLogFolders } from "./log_folders.ts";
import { NodeLogs } from "./node_logs.ts";
import { type Machine, nodeSpec, probeMachine } from "./node_spec.ts";
import type { WorkerOrder } from "./order.ts";
import { NodeTls } from "./node_tls.ts";
import { Outgoing } from "./outgoing.ts";
import { OutputDesk } from "./output_desk.ts";
import { fetchPackage, PACKAGE_SOURCE } from "./package_fetch.ts";
import { PackageRequests } from "./package_requests.ts";
import { Readings } from "./readings.ts";
import { ProbeOrders } from "./probe_orders.ts";
import { answerRelay } from "./relay_dial.ts";
import { Replacement } from "./replacement.ts";
import { Requests } from "./requests.ts";
import {
  doctorRequestOf,
  factsOf,
  infoOf,
  type NodeSelf,
  recordOf,
  successorConfigOf,
} from "./self_portrait.ts";
import { Splicer } from "./splicer.ts";
import { Stacks } from "./stacks.ts";
import { Subreaper } from "./subreaper.ts";
import { Supervisors } from "./supervisors.ts";
import type { Template } from "./template.ts";
import { Templates } from "./templates.ts";
import { type Environment, nodeEnv } from "./worker_env.ts";
import { TokenKeeper } from "./token_keeper.ts";
import type { Worker } from "./worker.ts";
import type { WorkerSource } from "./worker_source.ts";
import { WorkerLogs } from "./worker_logs.ts";
import { WorkerNews } from "./worker_news.ts";
import { Workers } from "./workers.ts";

/** How long the head may take to be told that this node takes no new work, in milliseconds. */
const DRAIN_PATIENCE = 3000;
/** How long workers may take to be gone when the node ends, in milliseconds. */
const END_PATIENCE = 3000;
/** How often it is looked for streams whose token's time is over, in milliseconds. */
const STREAMS_INTERVAL = 1000;

/** What a daemon is made from. */
export interface DaemonOptions {
  config: DaemonConfig;
  /** Its environment. */
  env: Environment;
  /** Tells whoever starts it what it waits for. */
  progress(text: string): void;
  /** The command that starts this program. */
  self: string[];
  libc?: Libc | undefined;
  /** Gives the start up. */
  signal?: AbortSignal;
  /** Instead of what the probe sees, in tests. */
  machine?: Machine;
  /** Instead of the Python package written out, in tests. */
  shim?: string;
}

/** See the top of this file. */
export class NodeDaemon {
  /** Settles when the node has ended. */
  readonly ended: Promise<void>;

  node_id = randomBytes(28).toString("hex");
  readonly #config: DaemonConfig;
  readonly #keys: Keyring;
  readonly #tokens: TokenKeeper;
  /** To and from other nodes. */
  readonly #streams: KeyedStreams;
  #streamsTimer: number | undefined;
  readonly #instance: Instance;
  readonly #log: LogFile;
  readonly #log_dir: string;
  readonly #machine: Machine;
  readonly #network: Network;
  readonly #env: Environment;
  /** Who joins again under this node's id must know it. */
  readonly #key = crypto.getRandomValues(new Uint8Array(32));
  readonly #drivers = new Drivers();
  readonly #asks = new HeadAsks(() => this.#link);
  readonly #news = new WorkerNews({
    head: () => this.#link,
    log: (text) => this.#say("info", text),
  });
  readonly #words = new ClientWords(() => this.#link);
  readonly #logs: WorkerLogs<Worker>;
  readonly #subreaper: Subreaper;
  readonly #ending = new AbortController();
  readonly #doctor: Doctor;
  readonly #readings: Readings;
  readonly #notice = new AwayNotice({
    peer: () => this.#link.peer,
    fault: () => this.#head?.fault?.message,
    tell: (message) => {
      for (const { client } of this.#drivers.all) client.push(message);
    },
    now: () => Date.now(),
  });

  // Set in the order of the start, each before what needs it begins.
  #shim = "";
  #head: HeadProcess | undefined;
  #headPort: number;
  #headReady: HeadReady | undefined;
  #tls: NodeTls | undefined;
  #link!: HeadLink;
  #node_ip = "";
  #network_env: Environment = {};
  #plan!: LaunchPlan;
  #head_ip = "";
  #cluster = "";
  #templates!: Templates;
  #supervisors!: Supervisors;
  #packages!: PackageRequests;
  #environments!: Environments;
  #workers!: Workers;
  #replacement: Replacement | undefined;
  #requests!: Requests;
  #orders!: HeadOrders;
  #control!: ControlServer;
  #splicer: Splicer | undefined;
  #health: HealthPort | undefined;
  #outgoing: Outgoing | undefined;
  #objects: ObjectPlane | undefined;
  #settleEnded!: () => void;
  #stopping: Promise<void> | undefined;

  private constructor(readonly options: DaemonOptions) {
    const { config, env } = options;
    this.#config = config;
    this.#keys = new Keyring(config.token);
    this.#tokens = new TokenKeeper(this.#keys, {
      changed: (token) => this.#tokenChanged(token),
      ask: (client, { message, body }) => this.#asks.ask(client, message, body, client.gone.signal),
      log: (level, text) => this.#say(level, text),
      kept: () =>
        config.role === "head"
          ? keptToken(join(this.#instance.runtime, "token"))?.token
          : undefined,
      joinedBy: config.joined_by,
    });
    this.#streams = new KeyedStreams(this.#keys);
    this.#headPort = config.head.port;
    this.#machine = options.machine ?? probeMachine(config, env);
    this.#network = readNetwork();
    this.#env = env;
    this.#instance = holdInstance(config.runtime_dir, options.libc, config.socket_group);
    this.#packages = this.#openPackages();
    pruneLogFolders(join(this.#instance.runtime, "logs"), Date.now());
    const bounds = logBounds(config.log_max_bytes);
    pruneJobLogs(this.#instance.runtime, Date.now(), bounds.jobs);
    this.#readings = new Readings({ machine: this.#machine, folder: this.#instance.runtime });
    this.#log_dir = nodeLogDir(this.#instance.runtime, this.node_id);
    Deno.mkdirSync(this.#log_dir, { recursive: true, mode: 0o700 });
    this.#log = new LogFile(join(this.#log_dir, "daemon.log"), {
      level: config.log_level,
      format: config.log_format,
      limit: bounds.own,
      process: "daemon",
    });
    this.#logs = new WorkerLogs(
      new OutputDesk({
        node_id: () => this.node_id,
        node_ip: () => this.#node_ip,
        drivers: this.#drivers,
        head: () => this.#link,
      }),
      bounds,
    );
    this.#doctor = new Doctor({
      command: [...options.self, "doctor-node"],
      env: nodeEnv(env, {}),
      request: () => this.#doctorRequest(),
    });
    this.#subreaper = new Subreaper({
      libc: options.libc,
      own: () => [
        ...this.#templates?.pids ?? [],
        ...this.#supervisors?.pids ?? [],
        ...this.#environments?.pids ?? [],
        ...this.#doctor.pids,
        ...this.#readings.pids,
        ...this.#head?.pid ? [this.#head.pid] : [],
      ],
    });
    this.ended = new Promise((resolve) => this.#settleEnded = resolve);
  }

  /**
   * Starts a node: the head where it is the head's, then the join, then everything else.
   * @throws Trouble, RequestFailed or GpuCountError with the reason; nothing is left running then.
   */
  static async start(options: DaemonOptions): Promise<NodeDaemon> {
    const daemon = new NodeDaemon(options);
    const { signal } = options;
    const abort = () => void daemon.stop((signal?.reason as Error).message);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      await daemon.#start();
      signal?.throwIfAborted();
      return daemon;
    } catch (error) {
      daemon.#say("error", `The start failed: ${(error as Error).message}`);
      await daemon.stop("its start failed");
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** A line for its log. */
  note(text: string): void {
    this.#say("error", text);
  }

  /** Ends the node: workers, templates, the head's process; leaves nothing behind, but `spared`'s link. */
  stop(reason: string, spared?: Client): Promise<void> {
    this.#stopping ??= this.#stop(reason, spared);
    return this.#stopping;
  }

  /** Settles when the daemon that was to take this one's place has started, or cannot. */
  async succeeded(): Promise<void> {
    await this.#replacement?.running;
  }

  async #start(): Promise<void> {
    const config = this.#config;
    const [shim, head] = await Promise.all([
      this.options.shim ?? ensureShim(this.#instance.runtime),
      config.role === "head" ? this.#startHead() : undefined,
    ]);
    this.#shim = shim;
    if (head) {
      this.#headPort = head.port;
      this.#headReady = head;
      if (head.dashboard_fault) this.#say("warning", head.dashboard_fault);
      if (head.journal_fault) this.#say("error", head.journal_fault);
    }
    this.#openHealthPort();
    await this.#openTls();
    this.#link = new HeadLink({
      address: headDialAddress(config, this.#headPort),
      identity: () => this.#identity(),
      opened: async (link, secret) => {
        await this.#tokens.opened(link, secret);
        await this.#tls?.opened(link);
      },
      join: (local) => this.#join(local),
      message: (received, link) => this.#orders.take(received, link),
      joined: (reply, cluster) => this.#joined(reply, cluster),
      away: (away) => this.#notice.away(away),
      refused: () => this.#tokens.refused(),
      declaredDead: () => this.#declaredDead(),
      log: (level, text) => this.#say(level, text),
    });
    await this.#link.start(config.join_timeout_ms, this.options.progress);
    writeRecord(this.#instance.paths.record, this.record);
    this.#say("info", `Node ${this.node_id} is ready at ${this.#node_ip}`);
  }

  /** @throws {RequestFailed} where the port cannot be had */
  #openHealthPort(): void {
    const { health } = this.#config;
    if (!health) return;
    const host = {
      unjoined: () => this.#unjoined(),
      headFault: () =>
        this.#head && this.#head.pid === undefined
          ? this.#head.fault?.message ?? "it does not run"
          : undefined,
      isHead: this.#config.role === "head",
    };
    try {
      this.#health = new HealthPort(host, health);
    } catch (error) {
      throw new RequestFailed(
        "port",
        `Cannot answer probes on ${addressText(health)}: ${reasonOf(error)}.`,
        "Choose another port with --health-port, or leave it out.",
      );
    }
  }

  /** Why this node is not in the cluster now, as a sentence. */
  #unjoined(): string | undefined {
    if (this.#stopping) return "The node is being ended.";
    if (this.#link?.isJoined) return undefined;
    const away = this.#link?.away;
    if (!away) return "The node has not joined yet.";
    const seconds = Math.max(1, Math.round((Date.now() - away.since) / 1000));
    return `The head has been out of reach for ${seconds} s: \`beam status\` here says why.`;
  }

  async #openTls(): Promise<void> {
    const { tls } = this.#config;
    if (!tls) return;
    const authority = this.#headReady?.authority ?? tls.authority ?? "";
    this.#tls = await NodeTls.open(tls, authority, {
      exchange: (certificate) => this.#splicer?.exchange(certificate),
      log: (level, text) => this.#say(level, text),
    }, systemClock());
  }

  async #startHead(): Promise<HeadReady> {
    const config = this.#config;
    const head: ConstructorParameters<typeof HeadProcess>[0]["config"] = {
      listen: { ...config.head },
      address: nodeAddress(config, "", this.#network),
      runtime_dir: this.#instance.runtime,
    };
    if (config.token !== undefined) head.token = config.token;
    // The head reads and checks it.
    if (config.dashboard) head.dashboard = config.dashboard as unknown as DashboardConfig;
    if (config.tls) head.tls = config.tls;
    if (config.liveness) head.liveness = config.liveness as LivenessConfig;
    const { log_level, log_format } = config;
    head.logging = { limit: logBounds(config.log_max_bytes).own };
    if (log_level !== undefined) head.logging.level = log_level;
    if (log_format !== undefined) head.logging.format = log_format;
    this.#head = new HeadProcess({
      command: [...this.options.self, "head"],
      env: nodeEnv(this.#env, {}),
      config: head,
      log: (level, text) => this.#say(level, text),
    });
    return await this.#head.start();
  }

  /** The socket for streams of processes here to other nodes. */
  get #via(): string {
    return join(this.#instance.paths.sockets, "outgoing.sock");
  }

  /** What is started in this daemon's or the head's place is started with it. */
  #tokenChanged(token: string): void {
    this.#config.token = token;
    if (this.#head) this.#head.options.config.token = token;
    this.#streams.endFormer();
  }

  #identity() {
    const identity: Identity = { build: buildName(), keys: this.#keys, trust: this.#tls?.trust };
    return this.#cluster === "" ? identity : { ...identity, cluster: this.#cluster };
  }

  /** The first connection tells this node's address; then its parts can be made. */
  #settle(local: string): void {
    if (this.#splicer) return;
    this.#node_ip = nodeAddress(this.#config, local, this.#network);
    this.#network_env = networkVariables(this.#node_ip, this.#network, this.#env);
    const { paths, runtime } = this.#instance;
    this.#plan = new LaunchPlan({
      env: this.#env,
      network: this.#network_env,
      shim: this.#shim,
      worker_cmd: this.#config.worker_cmd,
      vendor: this.#machine.gpus.vendor,
      runtime,
      cwd: startFolder(runtime),
    });
    this.#supervisors = new Supervisors({
      command: [...this.options.self, "job-supervisor"],
      env: nodeEnv(this.#env, {}),
      socket: paths.socket,
      log_limit: logBounds(this.#config.log_max_bytes).job,
      exited: (source, pid, status) => void this.#supervisorEnded(source, pid, status),
    });
    this.#templates = new Templates(
      {
        env: this.#plan.templateEnv,
        cwd: runtime,
        socket: paths.socket,
        node_ip: this.#node_ip,
        output: (text) => this.#say("info", `template: ${text.trimEnd()}`),
      },
      (template) => void this.#templateLost(template),
    );
    this.#environments = this.#makeEnvironments(this.#packages.store);
    this.#workers = this.#makeWorkers();
    this.#objects = this.#makeObjects();
    const { store } = this.#packages;
    this.#objects.sources.set(
      PACKAGE_SOURCE,
      (name) => store.has(name) ? store.path(name) : undefined,
    );
    this.#outgoing = new Outgoing(this.#via, {
      dialer: this.#objects.dialer,
      log: (text) => this.#say("warning", text),
      streams: this.#streams,
      signal: this.#ending.signal,
    });
    const logs = new NodeLogs({
      folder: this.#log_dir,
      above: dirname(this.#log_dir),
      is_head: this.#config.role === "head",
      workers: () => this.#workers.all,
      signal: this.#ending.signal,
    });
    this.#requests = this.#makeRequests(this.#objects, logs);
    this.#orders = new HeadOrders({
      workers: this.#workers,
      news: this.#news,
      objects: this.#objects,
      tokens: this.#tokens,
      client: (id) => this.#control.client(id),
      putOut: (why) =>
        void this.#putOut(why).catch((error) => this.note(`Ending all workers: ${error.message}`)),
      readLog: (received, link) => this.#readJobLog(received, link),
      doctor: this.#doctor,
      probes: new ProbeOrders({
        node_ip: () => this.#node_ip,
        identity: () => this.#identity(),
        signal: this.#ending.signal,
      }),
      logs,
      stacks: new Stacks({
        workers: () => this.#workers.all,
        drivers: () => this.#drivers.all,
        clients: () => this.#control.clients,
        connected: () => this.#link.isJoined,
        askingHead: () => this.#link.pending,
        path: this.#env["PATH"] ?? "",
        signal: this.options.libc && ((pid, number) => this.options.libc!.signal(pid, number)),
      }),
      readings: this.#readings,
      answerRelay: (fields) => this.#answerRelay(fields),
      warn: (text) => this.#say("warning", text),
    });
    this.#control = new ControlServer(paths.socket, {
      message: (client, received) => this.#requests.handle(client, received),
      gone: (client, reason) => this.#clientGone(client, reason),
    });
    this.#splicer = new Splicer(
      {
        identity: () => ({ ...this.#identity(), cluster: this.#cluster }),
        socketOf: (wanted) => this.#socketOf(wanted),
        sources: this.#objects.sources,
        streams: this.#streams,
        log: (text) => this.#say("warning", text),
      },
      {
        ip: this.#node_ip,
        certificate: this.#tls?.certificate,
        ...(this.#config.node_port !== undefined && { port: this.#config.node_port }),
      },
    );
    this.#streamsTimer = setInterval(() => this.#streams.endFormer(), STREAMS_INTERVAL);
    this.#warmUp(undefined);
  }

  /** What an ended daemon left goes: nothing of it is anybody's. */
  #openPackages(): PackageRequests {
    const { runtime } = this.#instance;
    removeTree(environmentsDir(runtime));
    const one = packageLimit((name) => this.#env[name]);
    return new PackageRequests(new PackageStore(packagesDir(runtime), { one }));
  }

  #makeEnvironments(packages: PackageStore): Environments {
    return new Environments(
      {
        node_ip: () => this.#node_ip,
        plan: this.#plan,
        templates: this.#templates,
        log_dir: this.#log_dir,
        packages,
        driverOf: (asker) => this.#driverOf(asker),
        fetch: (name, asker, signal) =>
          fetchPackage(
            {
              node_id: () => this.node_id,
              node_ip: () => this.#node_ip,
              store: packages,
              courier: this.#objects!.courier,
              asks: this.#asks,
            },
            name,
            asker.job.node_id,
            signal,
          ),
        warn: (text) => this.#say("warning", text),
      },
      join(environmentsDir(this.#instance.runtime), "built"),
      environmentLimits(this.#env),
    );
  }

  #makeWorkers(): Workers {
    const { paths } = this.#instance;
    return new Workers({
      node_id: () => this.node_id,
      node_ip: () => this.#node_ip,
      places: { sockets: paths.sockets, markers: paths.workers, logs: this.#log_dir },
      templateFor: (order) =>
        order.submission_id === undefined
          ? this.#templates.get(this.#plan.commandFor(this.#driverOf(order)))
          : this.#supervisors,
      envFor: (order, prepared) => this.#plan.envFor(order, prepared),
      environments: this.#environments,
      cwdFor: (order) => this.#plan.cwdFor(order),
      assign: (worker) => assignmentOf(worker, this.#facts(), this.#plan.cwdFor(worker.order)),
      logs: this.#logs,
      kernelLog: () => this.options.libc?.kernelLog(),
      now: () => Date.now(),
    }, this.#news);
  }

  #makeObjects(): ObjectPlane {
    const { facts } = this.#machine;
    return new ObjectPlane({
      facts: () => this.#facts(),
      identity: () => this.#identity(),
      via: this.#via,
      head: () => this.#link.host.address,
      quota: this.#config.object_store_memory ?? facts.object_store_bytes,
      key: basename(this.#instance.paths.dir),
      group: this.#config.socket_group,
      libc: this.options.libc,
      asks: this.#asks,
      tell: (message) => this.#link.send(message),
      warn: (job_id, code, text) => this.#warnDriver(job_id, code, text),
      log: (text) => this.#say("info", text),
      streams: this.#streams,
      signal: this.#ending.signal,
    });
  }

  #makeRequests(objects: ObjectPlane, logs: NodeLogs): Requests {
    const ask = this.#asks.ask.bind(this.#asks);
    return new Requests({
      facts: () => this.#facts(),
      workers: this.#workers,
      templates: this.#templates,
      drivers: this.#drivers,
      actors: new ActorAnswers({
        facts: () => this.#facts(),
        via: this.#via,
        workers: this.#workers,
        deaths: this.#news.deaths,
        watchers: this.#news.watchers,
        ask,
        now: () => Date.now(),
      }),
      objects,
      objectSocket: (client) => join(this.#instance.paths.sockets, `d-${client.id}.sock`),
      ask,
      driverGone: (client, job_id, reason) => this.#driverGone(client, job_id, reason),
      warmUp: (facts) => this.#warmUp(facts.executable),
      packages: this.#packages,
      environments: this.#environments,
      info: () => infoOf(this.#self(), this.#link),
      passOutput: () => this.#logs.poll(),
      words: this.#words,
      tokens: this.#tokens,
      awayNotice: () => this.#notice.current,
      doctor: this.#doctor,
      logs,
      replacement: this.#replacement = this.#makeReplacement(),
      stop: () => void this.stop("`beam down`"),
    });
  }

  #makeReplacement(): Replacement {
    return new Replacement({
      head: () => this.#head,
      node_ip: () => this.#node_ip,
      burden: () => ({
        workers: this.#workers.all.length,
        drivers: this.#drivers.all.length,
        values: this.#objects!.store.usage.files,
      }),
      config: () => successorConfigOf(this.#self(), this.#tokens.joinedBy),
      self: this.options.self,
      drain: (on) => this.#drain(on),
      giveUp: (reason, client) => this.stop(reason, client),
      log: (level, text) => this.#say(level, text),
    });
  }

  /** A head that is away gives no work either. */
  async #drain(on: boolean): Promise<void> {
    const message = { kind: "node.drain" as const, node: this.node_id, undo: !on };
    await withDeadline(DRAIN_PATIENCE, (signal) => this.#asks.askOwn(message, signal))
      .catch((error) => this.#say("warning", `The head was not told: ${error.message}`));
  }

  // ── templates ───────────────────────────────────────────────────────────────────────────────

  /** The driver's interpreter, where it runs on this machine. */
  #driverOf(order: Pick<WorkerOrder, "job">): string | undefined {
    return order.job.node_id === this.node_id ? order.job.executable : undefined;
  }

  /** A template that cannot be started is told of when a worker needs it. */
  #warmUp(driver: string | undefined): void {
    try {
      this.#templates.get(this.#plan.commandFor(driver));
    } catch (error) {
      this.#say("warning", (error as Error).message);
    }
  }

  async #templateLost(template: Template): Promise<void> {
    if (!this.#stopping) {
      this.#say("warning", `Worker template ${template.pid} ${template.end}`);
    }
    for (const worker of this.#workers.all) if (worker.template === template) worker.kill();
    const statuses = await this.#subreaper.sweep();
    this.#workers.lost(template, statuses);
  }

  // ── submitted jobs ──────────────────────────────────────────────────────────────────────────

  /** What a job started goes with its supervisor, however that ended, and before its devices are free. */
  async #supervisorEnded(source: WorkerSource, pid: number, status: number): Promise<void> {
    if (!this.#stopping) await this.#subreaper.sweep();
    this.#workers.exited(source, pid, status);
  }

  #readJobLog(received: Received, link: Link): Promise<void> {
    return answerJobLog(received, link, {
      runtime: this.#instance.runtime,
      running: (id) => this.#workers.all.some((worker) => worker.order.submission_id === id),
      signal: this.#ending.signal,
    });
  }

  async #socketOf(wanted: Fields<"splice" | "relay.dial">): Promise<string | undefined> {
    const { actor_id = "", incarnation = 0, process } = wanted;
    if (process) return await this.#objects!.processes.socketOf(process);
    const worker = this.#workers.find(actor_id, incarnation);
    return worker?.connectable ? worker.socket : undefined;
  }

  // ── clients ─────────────────────────────────────────────────────────────────────────────────

  #clientGone(client: Client, reason: Error): void {
    this.#news.watchers.forget(client);
    this.#packages.gone(client);
    this.#objects!.answers.clientGone(client);
    if (client.object_socket !== undefined) removeQuietly(client.object_socket);
    this.#words.gone(client);
    const { job_id } = client;
    if (job_id !== undefined) this.#driverGone(client, job_id, reason.message);
  }

  /** A sentence for the person at a driver, here or, through the head, elsewhere. */
  #warnDriver(job_id: string, code: string, text: string): void {
    const message: Message<"warn"> = { kind: "warn", code, text };
    const job = this.#drivers.get(job_id);
    if (job) job.client.push(message);
    else this.#link.send({ kind: "log.lines", message: { ...message, job_id } });
  }

  #driverGone(client: Client, job_id: string, reason: string): void {
    this.#drivers.remove(job_id);
    this.#environments.jobEnded(job_id);
    this.#asks.driverGone(client, job_id, reason);
  }

  // ── the head ────────────────────────────────────────────────────────────────────────────────

  #join(local: string): Message<"node.join"> {
    this.#settle(local);
    const node = nodeSpec({
      config: this.#config,
      machine: this.#machine,
      node_id: this.node_id,
      node_ip: this.#node_ip,
      aliases: nodeAliases(this.#config, this.#node_ip, this.#network),
      extra: {
        port: this.#splicer!.port,
        ...(this.#tls?.name !== undefined && { tls_name: this.#tls.name }),
        join_token: this.#tokens.joinedBy,
        replaces: this.#instance.replaces,
        build: buildName(),
        pid: Deno.pid,
        runtime_dir: this.#instance.runtime,
        log_dir: this.#log_dir,
        gpus: this.#machine.gpus.gpus.map((gpu) => gpu.name),
        notes: [
          ...this.#machine.gpus.notes.map((note) => note.text),
          ...movedNotes(this.#config, this.#node_ip, local, readNetwork()),
        ],
      },
    });
    const message: Message<"node.join"> = {
      kind: "node.join",
      node: { ...node },
      key: this.#key,
    };
    if (this.#cluster !== "") {
      message.report = joinReport({
        node_id: this.node_id,
        workers: this.#workers.all,
        drivers: this.#drivers,
        deaths: this.#news.deaths,
        watchers: this.#news.watchers,
      });
    }
    return message;
  }

  #joined(reply: Reply<"node.join">, cluster: string): void {
    this.#cluster = reply.cluster || cluster;
    this.#head_ip = this.#config.role === "head" ? this.#node_ip : reply.head_ip;
    this.#notice.back();
    this.#news.repeat();
    this.#asks.repeat();
    this.#objects!.joined();
    this.#words.repeat();
    this.#headIsBack();
  }

  /** A head that was started again may be without its page's port, which another program took meanwhile. */
  #headIsBack(): void {
    const ready = this.#head?.ready;
    if (!ready || this.#headReady === undefined || ready === this.#headReady) return;
    this.#headReady = ready;
    if (ready.dashboard_fault) this.#say("warning", ready.dashboard_fault);
    writeRecord(this.#instance.paths.record, this.record);
  }

  /** What cannot be killed just now still has its devices: the node is not offered again before. */
  async #declaredDead(): Promise<void> {
    await this.#endWork(`Node ${this.#node_ip} was out of the head's reach for too long.`);
    this.node_id = randomBytes(28).toString("hex");
    writeRecord(this.#instance.paths.record, this.record);
  }

  /** The node stays, to say why it is out, and does nothing more. */
  async #putOut(why: RequestFailed): Promise<void> {
    this.#say("error", `${why.message} Its workers are ended. ${why.mend ?? ""}`.trimEnd());
    this.#link.end(why);
    await this.#endWork(why.message);
  }

  /** Ends all that runs here for the cluster. */
  async #endWork(message: string): Promise<void> {
    const report: DeathReport = { kind: "node", message };
    await this.#endWorkers(report);
    while (this.#workers.all.length > 0 && !this.#stopping) {
      const pids = this.#workers.all.map(({ pid }) => pid).join(", ");
      this.#say(
        "warning",
        `Workers that were killed have not ended: ${pids}. The node waits for them.`,
      );
      await this.#endWorkers(report);
    }
    for (const job of this.#drivers.all) job.client.link.close();
    this.#news.deaths.clear();
    this.#objects!.clear();
  }

  #answerRelay(fields: Fields<"relay.dial">): Promise<void> {
    return answerRelay(fields, {
      head: this.#link.host.address,
      identity: this.#identity(),
      socketOf: (wanted) => this.#socketOf(wanted),
      sources: this.#objects!.sources,
      signal: this.#ending.signal,
    });
  }

  // ── what it says of itself ──────────────────────────────────────────────────────────────────

  #self(): NodeSelf {
    return {
      node_id: this.node_id,
      node_ip: this.#node_ip,
      cluster: this.#cluster,
      head_ip: this.#head_ip,
      head_port: this.#headPort,
      log_dir: this.#log_dir,
      shim: this.#shim,
      network_env: this.#network_env,
      config: this.#config,
      instance: this.#instance,
      machine: this.#machine,
      network: this.#network,
      keys: this.#keys,
      head: this.#head,
      head_ready: this.#headReady,
    };
  }

  /** What is written for others to find it by. */
  get record(): DaemonRecord {
    return recordOf(this.#self());
  }

  #facts(): NodeFacts {
    return factsOf(this.#self());
  }

  #doctorRequest(): FactsRequest {
    return doctorRequestOf(this.#self(), {
      connected: this.#link.isJoined,
      port: this.#splicer!.port,
      certificate_until: this.#tls?.certificate?.until,
      worker_command: this.#plan.commandFor(undefined),
      env: this.#env,
      pids: [
        ...this.#templates.pids,
        ...this.#supervisors.pids,
        ...this.#workers.all.map(({ pid }) => pid),
        ...this.#drivers.all.map(({ facts }) => facts.pid),
      ],
    });
  }

  #say(level: Level, text: string): void {
    this.#log.write(level, text, { node_id: this.node_id });
  }

  // ── the end ─────────────────────────────────────────────────────────────────────────────────

  async #endWorkers(report: DeathReport): Promise<void> {
    this.#workers.stopAll(report);
    const until = Date.now() + END_PATIENCE;
    while (this.#workers.all.length > 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async #stop(reason: string, spared?: Client): Promise<void> {
    this.#say("info", `The node ends: ${reason}`);
    this.#ending.abort(new Error("The node is being ended"));
    clearInterval(this.#streamsTimer);
    const leaving = this.#link?.stop(reason);
    if (this.#workers) {
      await this.#endWorkers({
        kind: "node",
        message: `Its node ${this.#node_ip} ended: ${reason}.`,
      });
      await this.#environments.close();
      await this.#templates.close();
      await this.#subreaper.sweep();
    }
    await leaving;
    this.#doctor.close();
    this.#readings.close();
    await this.#control?.close(spared);
    await this.#health?.close();
    await this.#splicer?.close();
    await this.#outgoing?.close();
    this.#tls?.close();
    await this.#objects?.close();
    await this.#head?.stop();
    removeTree(environmentsDir(this.#instance.runtime));
    this.#logs[Symbol.dispose]();
    this.#instance[Symbol.dispose]();
    this.#log[Symbol.dispose]();
    this.#settleEnded();
  }
}

/** Where this process was started, where that folder is still there. */
function startFolder(otherwise: string): string {
  try {
    return Deno.cwd();
  } catch {
    return otherwise;
  }
}
