/**
 * The workers of this node: start, hello, ready, gone. Every worker that the head asked for ends in
 * exactly one {@link WorkerEvents.died}, whatever becomes of it.
 */
import { join } from "node:path";
import type { DeathReport } from "../cluster/death.ts";
import { crewOf } from "../cluster/first_cause.ts";
import { LinkClosed, ProtocolError, RequestFailed } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import { type Fields, PROTOCOL_VERSION } from "../wire/messages.ts";
import { removeQuietly } from "../runtime/whole_file.ts";
import { within } from "../runtime/within.ts";
import { deathReport } from "./death_report.ts";
import type { Environments, Prepared } from "./environments.ts";
import { kernelLinesAbout, oomKills } from "./kernel_words.ts";
import type { LaunchPlan } from "./launch_plan.ts";
import type { KernelLog } from "./libc.ts";
import { groupOf, textOf, type WorkerOrder } from "./order.ts";
import { endingOf } from "./wait_status.ts";
import { type Lending, Worker } from "./worker.ts";
import type { WorkerSource } from "./worker_source.ts";

/** How long a process may take from its fork to its hello, in milliseconds. */
export const HELLO_TIMEOUT = 60_000;
/** How long a worker may live on after it said that it ends, or after its control link ended. */
export const LEAVE_TIMEOUT = 5000;
/** The same for one under a profiler, which writes its report then. */
const PROFILER_TIMEOUT = 120_000;
/** How long the last word of a worker that has ended is waited for, in milliseconds. */
const LAST_WORD_TIMEOUT = 100;

/** A fault of a GPU explains the ends that follow within this time. */
const FAULT_SECONDS = 60;

/** What happens to workers. */
export interface WorkerEvents {
  ready(worker: Worker): void;
  initialized(worker: Worker): void;
  /** What it does with what it holds, see `worker.lend`. */
  lent(worker: Worker): void;
  died(worker: Worker, report: DeathReport, body: Uint8Array, how: WorkerEnd): void;
  /** A worker that is not here was to be stopped. */
  unknown(actor_id: string, incarnation: number, report: DeathReport): void;
}

/** What a report does not say. */
export interface WorkerEnd {
  /** The actor ended itself on purpose. */
  intended: boolean;
  /** Nobody could have connected to it. */
  unready: boolean;
}

/** What workers need of their node. */
export interface WorkersHost {
  node_id(): string;
  node_ip(): string;
  /** Folders for call sockets, markers and output. */
  places: { sockets: string; markers: string; logs: string };
  /** What starts an order's process. @throws {RequestFailed} where there can be none. */
  templateFor(order: WorkerOrder): WorkerSource;
  /** The environment of an order's worker, see {@link LaunchPlan.envFor}. */
  envFor(order: WorkerOrder, prepared: Prepared | undefined): ReturnType<LaunchPlan["envFor"]>;
  cwdFor(order: WorkerOrder): string;
  /** Sets up what the order's runtime environment needs; undefined: nothing. */
  environments: Pick<Environments, "needs" | "prepare">;
  assign(worker: Worker): Record<string, unknown>;
  /** Follows the output of a worker; `finish` returns the end of its stderr. */
  logs: {
    follow(worker: Worker, paths: { out: string; err: string }): void;
    finish(w: Worker): string;
  };
  kernelLog(): KernelLog | undefined;
  now(): number;
}

/** See the top of this file. */
export class Workers {
  /** The latest incarnation per actor. */
  #byActor = new Map<string, Worker>();
  #bySpawn = new Map<string, Worker>();
  #byPid = new Map<number, Worker>();
  #all = new Map<string, Worker>();
  /** How many of the kernel's out-of-memory kills have been told of. */
  #oomExplained = 0;

  constructor(readonly host: WorkersHost, readonly events: WorkerEvents) {}

  get all(): Worker[] {
    return [...this.#all.values()];
  }

  /** The worker of an actor, of that incarnation where it is given. */
  find(actor_id: string, incarnation?: number): Worker | undefined {
    return incarnation === undefined
      ? this.#byActor.get(actor_id)
      : this.#all.get(`${actor_id}:${incarnation}`);
  }

  byPid(pid: number): Worker | undefined {
    return this.#byPid.get(pid);
  }

  /** Starts a worker; one that is there already is left alone. */
  start(order: WorkerOrder): void {
    const key = `${order.actor_id}:${order.incarnation}`;
    if (this.#all.has(key)) return;
    const worker = new Worker(order, this.host.places, this.host.now());
    this.#all.set(key, worker);
    this.#bySpawn.set(worker.spawn, worker);
    const former = this.#byActor.get(order.actor_id);
    if (!former || former.incarnation < order.incarnation) {
      this.#byActor.set(order.actor_id, worker);
    }
    this.#launch(worker).catch((error) => this.#fail(worker, error));
  }

  /** Ends a worker, at once or, with `drain`, when it has run what was submitted. */
  stop(actor_id: string, incarnation: number, report: DeathReport, drain = false): void {
    const worker = this.find(actor_id, incarnation);
    if (!worker) return this.events.unknown(actor_id, incarnation, report);
    worker.asked ??= report;
    if (!worker.forked) return this.#end(worker, {});
    if (drain && worker.link) return worker.link.send({ kind: "worker.drain" });
    worker.kill(); // without a pid yet, its fork's answer does it
  }

  /** Ends all workers. */
  stopAll(report: DeathReport): void {
    for (const { actor_id, incarnation } of this.all) this.stop(actor_id, incarnation, report);
  }

  /**
   * A process says that it is the worker of this name; it is told what to be.
   * @throws {RequestFailed} where it is not awaited, or is of another Python or protocol.
   */
  hello(link: Link, fields: Fields<"worker.hello">): { worker: Worker; body: Uint8Array } {
    const worker = this.#bySpawn.get(fields.spawn);
    if (!worker || worker.state !== "starting") {
      throw new RequestFailed(
        "unknown_worker",
        `Cannot take process ${fields.pid} for a worker: no worker was started under its name`,
      );
    }
    worker.pid ||= fields.pid;
    this.#byPid.set(worker.pid, worker);
    const fault = protocolFault(fields.protocol) ?? this.#pythonFault(worker, fields.python);
    if (fault) {
      worker.said = { kind: "start", message: fault.message };
      if (fault.mend !== undefined) worker.said.mend = fault.mend;
      this.#leaveWithin(worker, LEAVE_TIMEOUT);
      throw fault;
    }
    clearTimeout(worker.deadline);
    worker.link = link;
    const patience = worker.prepared?.places.prefix.length ? PROFILER_TIMEOUT : LEAVE_TIMEOUT;
    link.closed.then(() => this.#leaveWithin(worker, patience));
    Deno.writeTextFileSync(this.#marker(worker), worker.actor_id, { mode: 0o600 });
    worker.state = "ready";
    this.events.ready(worker);
    if (worker.asked) worker.kill();
    const { body } = worker.order;
    worker.order.body = new Uint8Array(0); // it may be large, and nobody else wants it
    return { worker, body };
  }

  /** `__init__` returned. */
  initialized(worker: Worker, fields: Fields<"worker.initialized">): void {
    if (worker.state !== "ready") return;
    worker.repr = fields.repr;
    worker.state = "running";
    this.events.initialized(worker);
  }

  /** What it does with what it holds. @throws {ProtocolError} for a state that is none */
  lend(worker: Worker, { state }: Fields<"worker.lend">): void {
    if (!isLending(state)) throw new ProtocolError(`Cannot take \`${state}\` for a worker's state`);
    if (worker.state === "ended" || worker.lending === state) return;
    worker.lending = state;
    this.events.lent(worker);
  }

  /** It says that it ends, and why. */
  failed(worker: Worker, fields: Fields<"worker.failed">, body: Uint8Array): void {
    if (worker.state === "ended") return;
    worker.said = { kind: fields.cause, message: fields.message };
    if (fields.traceback !== undefined) worker.said.traceback = fields.traceback;
    if (fields.exit_code !== undefined) worker.said.exit_code = fields.exit_code;
    worker.saidBody = body;
    this.#leaveWithin(worker, LEAVE_TIMEOUT);
  }

  /** A template waited for this process. */
  exited(template: WorkerSource, pid: number, status: number): void {
    const worker = this.#byPid.get(pid);
    if (worker?.template !== template) template.unclaimed.set(pid, status);
    else if (worker.state !== "ready") this.#end(worker, { status });
    else void this.#hearOut(worker, status);
  }

  /**
   * At the end of the channel of a worker that has ended: what it said last may be that `__init__` has
   * returned. Who was forked from it may hold the channel open.
   */
  async #hearOut(worker: Worker, status: number): Promise<void> {
    const heard = await within(worker.link!.closed, LAST_WORD_TIMEOUT);
    this.#end(worker, { status, heard });
  }

  /** A template is gone and took its workers along; `statuses` are those that could be waited for. */
  lost(template: WorkerSource, statuses: ReadonlyMap<number, number>): void {
    const why = `the process that started it (pid ${template.pid}) ${template.end ?? "is gone"}.`;
    for (const worker of this.all) {
      if (worker.template !== template) continue;
      const status = statuses.get(worker.pid);
      this.#end(worker, status === undefined ? { lost: why } : { lost: why, status });
    }
  }

  async #launch(worker: Worker): Promise<void> {
    const { host } = this;
    const { order } = worker;
    checkPlace(host.places.sockets, host.node_ip());
    const wanted = host.environments.needs(order);
    const prepared = wanted &&
      await host.environments.prepare(wanted, order, worker.gone.signal);
    if (prepared && worker.gone.signal.aborted) return prepared.release();
    worker.prepared = prepared;
    const forked = order.submission_id === undefined ? prepared : undefined;
    const template = forked?.template ?? host.templateFor(order);
    host.logs.follow(worker, worker);
    if (!template.isReady) await (forked ? readyIn(forked) : template.ready);
    if (worker.state === "ended") return;
    const fault = this.#pythonFault(worker, template.python);
    if (fault) throw fault;
    const { env, exec, keep } = host.envFor(order, prepared);
    worker.template = template;
    worker.forked = true;
    const kills = oomKills();
    if (kills !== undefined) worker.oomKills = kills - this.#oomExplained;
    const pid = await template.fork({
      spawn: worker.spawn,
      socket: worker.socket,
      env,
      cwd: prepared?.places.cwd ?? host.cwdFor(order),
      out: worker.out,
      err: worker.err,
      exec,
      title: `ray::${order.class_name}`,
      ...(keep ? { keep } : {}),
      ...(prepared?.places.prefix.length ? { prefix: prepared.places.prefix } : {}),
    });
    this.#born(worker, template, pid);
  }

  #born(worker: Worker, template: WorkerSource, pid: number): void {
    const status = template.unclaimed.get(pid);
    template.unclaimed.delete(pid);
    if (worker.state === "ended") return; // its template was lost meanwhile
    if (worker.pid !== pid) this.#rename(worker, pid);
    this.#byPid.set(pid, worker);
    if (status !== undefined) return this.#end(worker, { status });
    if (worker.asked) return worker.kill();
    if (worker.state === "starting" && !worker.said) this.#leaveWithin(worker, HELLO_TIMEOUT);
  }

  /** What stands before a worker's command is the process that counts; the worker may say hello first. */
  #rename(worker: Worker, pid: number): void {
    const known = worker.pid !== 0;
    if (known) {
      this.#byPid.delete(worker.pid);
      removeQuietly(this.#marker(worker));
    }
    worker.pid = pid;
    if (known) Deno.writeTextFileSync(this.#marker(worker), worker.actor_id, { mode: 0o600 });
  }

  #fail(worker: Worker, error: unknown): void {
    if (worker.state === "ended") return;
    const { message, mend } = error instanceof RequestFailed
      ? error
      : { message: (error as Error).message, mend: undefined };
    const setup = error instanceof RequestFailed && error.code === "environment";
    const report: DeathReport = { kind: setup ? "environment" : "start", message };
    if (mend !== undefined) report.mend = mend;
    // Without its link the template is at its end, which takes the worker along and tells more.
    if (worker.forked && error instanceof LinkClosed) return worker.template?.kill();
    worker.asked ??= report;
    if (worker.pid !== 0) return worker.kill(); // its exit tells
    this.#end(worker, {});
  }

  /** The one place where a worker ends. */
  #end(
    worker: Worker,
    { heard, ...how }: { status?: number; lost?: string; heard?: boolean },
  ): void {
    if (worker.state === "ended") return;
    const { host } = this;
    const unready = worker.state === "starting";
    const unbegun = unready || (worker.state === "ready" && heard === true);
    worker.state = "ended";
    clearTimeout(worker.deadline);
    worker.gone.abort(new Error("The worker is not wanted any more"));
    this.#forget(worker);
    const stderr = host.logs.finish(worker);
    const now = host.now();
    const facts: Parameters<typeof deathReport>[0] = {
      node_id: host.node_id(),
      node_ip: host.node_ip(),
      devices: worker.order.devices,
      now,
      started_at: worker.started_at,
      stderr,
      unready,
      unbegun,
      who: textOf(worker.order),
      crew: crewOf(groupOf(worker.order)),
      ...how,
    };
    if (worker.pid !== 0) facts.pid = worker.pid;
    if (worker.said) facts.said = worker.said;
    if (worker.asked) facts.asked = worker.asked;
    else if (how.status !== undefined && !worker.said) this.#askKernel(worker, how.status, facts);
    // As in Ray: `sys.exit` with a code is a failure, after which it is started again.
    const failed = how.status !== undefined && how.status !== 0;
    const intended = worker.said?.kind === "exit" && !failed && !worker.asked;
    const body = worker.said?.kind === "init" && !worker.asked
      ? worker.saidBody
      : new Uint8Array(0);
    this.events.died(worker, deathReport(facts), body, { intended, unready });
    worker.link?.close();
    worker.prepared?.release();
  }

  /** Callers wait for the report: the kernel is asked only where it may have had a part. */
  #askKernel(worker: Worker, status: number, facts: Parameters<typeof deathReport>[0]): void {
    const ending = endingOf(status);
    if (ending.kind === "exit" && (ending.code === 0 || facts.devices.length === 0)) return;
    const kills = oomKills();
    const counted = kills !== undefined && worker.oomKills !== undefined;
    const killed = ending.kind === "signal" && ending.signal === "SIGKILL";
    // One kill is the end of one process: it explains no second one.
    facts.oom = killed && counted && kills - this.#oomExplained > worker.oomKills!;
    if (facts.oom) this.#oomExplained++;
    if (counted && !facts.oom && killed) return;
    const log = this.host.kernelLog();
    if (!log) return;
    const since = log.uptime - (facts.now - worker.started_at) / 1000;
    const faults = facts.devices.length > 0 ? log.uptime - FAULT_SECONDS : Infinity;
    facts.kernel = kernelLinesAbout(log.text, worker.pid, since, faults);
  }

  #forget(worker: Worker): void {
    this.#all.delete(`${worker.actor_id}:${worker.incarnation}`);
    this.#bySpawn.delete(worker.spawn);
    if (this.#byActor.get(worker.actor_id) === worker) this.#byActor.delete(worker.actor_id);
    if (this.#byPid.get(worker.pid) === worker) this.#byPid.delete(worker.pid);
    for (const path of [worker.socket, this.#marker(worker)]) {
      try {
        Deno.removeSync(path);
      } catch { /* it never came to be */ }
    }
  }

  #marker(worker: Worker): string {
    return join(this.host.places.markers, String(worker.pid));
  }

  #leaveWithin(worker: Worker, patience: number): void {
    if (worker.state === "ended") return;
    clearTimeout(worker.deadline);
    worker.deadline = setTimeout(() => {
      if (worker.state === "starting") {
        worker.said ??= {
          kind: "start",
          message: `The worker process (pid ${worker.pid} on ${this.host.node_ip()}) did not ` +
            `report within ${patience / 1000} s of its start.`,
        };
      }
      worker.kill();
    }, patience);
  }

  #pythonFault(worker: Worker, python: string): RequestFailed | undefined {
    const wanted = minorVersion(worker.order.job.python);
    const found = minorVersion(python);
    if (wanted === "" || found === "" || wanted === found) return undefined;
    return new RequestFailed(
      "python",
      `Cannot start a worker on ${this.host.node_ip()}: its Python is ${python}, the driver's is ` +
        `${worker.order.job.python}, and both must be of one minor version.`,
      `Set BEAM_WORKER_CMD on that node to a Python ${wanted}, for example ` +
        `"python${wanted} -m ray._worker", and start the node again.`,
    );
  }
}

/** @throws {RequestFailed} where the folder of the sockets, and with it the daemon's own, is gone */
function checkPlace(sockets: string, node_ip: string): void {
  try {
    Deno.statSync(sockets);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return;
    throw new RequestFailed(
      "start",
      `Cannot start workers on ${node_ip}: the folder ${sockets} was removed while the node ran.`,
      `End the node there (\`kill ${Deno.pid}\`) and start it again with \`beam up\`; where a logout ` +
        "removed it, `loginctl enable-linger USER` keeps it.",
    );
  }
}

function isLending(state: string): state is Lending {
  return state === "blocked" || state === "unblocked" || state === "returned";
}

/** What starts workers in a runtime environment may be the user's own command. */
async function readyIn({ template }: Prepared): Promise<void> {
  try {
    await template.ready;
  } catch (error) {
    throw new RequestFailed(
      "environment",
      (error as Error).message,
      "Look into runtime_env's py_executable, or what pip or uv installed.",
    );
  }
}

function minorVersion(python: string): string {
  return python.match(/^\d+\.\d+/)?.[0] ?? "";
}

function protocolFault(protocol: number): RequestFailed | undefined {
  if (protocol === PROTOCOL_VERSION) return undefined;
  return new RequestFailed(
    "version",
    `Cannot talk to this Python package (protocol ${protocol}): the daemon has protocol ` +
      `${PROTOCOL_VERSION}.`,
    "Use the folder that `beam shim-path` prints in PYTHONPATH.",
  );
}
