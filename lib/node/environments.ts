/**
 * The runtime environments of this node: from what an order asks for to what its worker is started
 * with. Packages and virtual environments are parts that workers share; each worker holds its own until
 * it is gone, and the job those of its own environment until it ends.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { LONGEST_TIMER } from "../runtime/clock.ts";
import { packageOf, type PackageStore } from "../runtime/packages.ts";
import { RequestFailed } from "../wire/errors.ts";
import {
  type EnvironmentSpec,
  environmentSpec,
  type InstallSpec,
  mergedEnvironment,
  nsightCommand,
  WORKING_DIR_VARIABLE,
} from "./environment_spec.ts";
import { findProgram } from "./interpreter.ts";
import { pruneSetupLogs } from "./log_folders.ts";
import { mapIn, type WorkerOrder } from "./order.ts";
import type { LaunchPlan, Places } from "./launch_plan.ts";
import { buildPart } from "./part_builder.ts";
import { type Part, PartCache } from "./part_cache.ts";
import type { Template } from "./template.ts";
import type { Templates } from "./templates.ts";
import type { Environment } from "./worker_env.ts";

/** Past how many bytes what nobody uses is removed, of each kind. */
export type EnvironmentLimits = Record<PartKind, number>;

type PartKind = "files" | "pip" | "uv";
type Parts = Record<PartKind, PartCache>;

/** The bounds that a daemon's environment asks for by Ray's variables; else Ray's ten GiB. */
export function environmentLimits(env: Environment): EnvironmentLimits {
  const bound = (field: string): number => {
    const gib = Number(env[`RAY_RUNTIME_ENV_${field}_CACHE_SIZE_GB`] ?? "10");
    return (gib >= 0 ? gib : 10) * 2 ** 30;
  };
  // One package may serve as both.
  const files = Math.min(bound("WORKING_DIR"), bound("PY_MODULES"));
  return { files, pip: bound("PIP"), uv: bound("UV") };
}

/** What a worker is started with besides what every worker of its job is. */
export interface Prepared {
  places: Places;
  /** The template to fork it from; it may not be ready yet. */
  template: Template;
  templateEnv: Environment;
  /** The worker is gone. */
  release(): void;
}

/** Whose environment it is, and on what interpreter it is based. */
export type Asker = Pick<WorkerOrder, "job" | "actor">;

/** What environments need of their node. */
export interface EnvironmentsHost {
  node_ip(): string;
  plan: LaunchPlan;
  templates: Pick<Templates, "hold">;
  log_dir: string;
  packages: PackageStore;
  /** The asker's driver's interpreter, where that is on this machine. */
  driverOf(asker: Asker): string | undefined;
  /**
   * Brings a package of another node into the store. @throws {RequestFailed} where no node has it.
   */
  fetch(name: string, asker: Asker, signal: AbortSignal): Promise<void>;
  warn(text: string): void;
}

/** See the top of this file. */
export class Environments {
  /** Pids of the processes that build. */
  readonly pids = new Set<number>();
  readonly #parts: Parts;
  /** What jobs of this node hold, by job. */
  readonly #jobs = new Map<string, { cancel: AbortController; prepared: Prepared | undefined }>();

  /** @param dir of this node alone */
  constructor(readonly host: EnvironmentsHost, dir: string, limits: EnvironmentLimits) {
    this.#parts = {
      files: new PartCache(dir, limits.files),
      pip: new PartCache(dir, limits.pip),
      uv: new PartCache(dir, limits.uv),
    };
  }

  /** What must be set up for a worker; undefined: nothing. */
  needs(asker: Asker): EnvironmentSpec | undefined {
    const job = mapIn(asker.job.facts, "runtime_env");
    return environmentSpec(mergedEnvironment(job, mapIn(asker.actor, "runtime_env")));
  }

  /**
   * Sets an environment up, or waits until somebody else has.
   * @throws {RequestFailed} code `environment` where it cannot be, with the end of its log; the
   * signal's reason where it is given up.
   */
  async prepare(spec: EnvironmentSpec, asker: Asker, signal: AbortSignal): Promise<Prepared> {
    const patience = new AbortController();
    const give_up = () => patience.abort(signal.reason);
    signal.addEventListener("abort", give_up, { once: true });
    const timer = spec.timeout === undefined
      ? undefined
      : setTimeout(() => patience.abort(late(spec.timeout!)), spec.timeout);
    const setup = new Setup(this.host, this.#parts, this.pids, spec, asker, patience.signal);
    try {
      signal.throwIfAborted();
      const places = await setup.run();
      const { plan, templates, driverOf } = this.host;
      const parts = plan.templateIn(places, driverOf(asker), spec.vars);
      // A command of the user's may set up more by itself before it runs the interpreter.
      if (spec.py_executable) parts.timeout = spec.timeout ?? LONGEST_TIMER;
      const held = templates.hold(parts, () => setup.release());
      return { places, ...held, templateEnv: parts.env ?? plan.templateEnv };
    } catch (error) {
      setup.release();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", give_up);
    }
  }

  /** A job begins here: sets its environment up before a worker needs it, and holds it. */
  async jobStarted(job: WorkerOrder["job"]): Promise<void> {
    const asker = { job, actor: {} };
    const spec = this.needs(asker);
    if (!spec?.eager) return;
    const held: { cancel: AbortController; prepared: Prepared | undefined } = {
      cancel: new AbortController(),
      prepared: undefined,
    };
    this.#jobs.set(job.job_id, held);
    try {
      const prepared = await this.prepare(spec, asker, held.cancel.signal);
      if (held.cancel.signal.aborted) prepared.release();
      else held.prepared = prepared;
    } catch (error) {
      if (held.cancel.signal.aborted) return;
      this.host.warn(`The runtime environment of job ${job.job_id}: ${(error as Error).message}`);
    }
  }

  /** The job has ended: what is still being built for it alone is given up. */
  jobEnded(job_id: string): void {
    const held = this.#jobs.get(job_id);
    this.#jobs.delete(job_id);
    held?.cancel.abort(new Error("Its job has ended"));
    held?.prepared?.release();
  }

  /** Gives up what is being built, and waits until nothing of it runs. */
  async close(): Promise<void> {
    for (const job_id of [...this.#jobs.keys()]) this.jobEnded(job_id);
    await Promise.all(Object.values(this.#parts).map((cache) => cache.close()));
  }
}

/** One setup on its way. */
class Setup {
  readonly #held: Part[] = [];
  #over = false;

  constructor(
    readonly host: EnvironmentsHost,
    readonly parts: Parts,
    readonly pids: Set<number>,
    readonly spec: EnvironmentSpec,
    readonly asker: Asker,
    readonly signal: AbortSignal,
  ) {}

  release(): void {
    this.#over = true;
    for (const part of this.#held.splice(0)) part.release();
  }

  async run(): Promise<Places> {
    const { spec } = this;
    const prefix = this.#profiler();
    const uris = [...spec.py_modules, ...(spec.working_dir ? [spec.working_dir] : [])];
    const folders = await Promise.all(uris.map((uri) => this.#folderOf(uri)));
    const cwd = spec.working_dir ? folders.at(-1) : undefined;
    const virtual_env = spec.install ? await this.#install(spec.install, cwd) : undefined;
    return { cwd, paths: folders, virtual_env, executable: spec.py_executable, prefix };
  }

  /** Where a package lies unpacked; a folder that is there already (`local://`) is used as it is. */
  async #folderOf(uri: string): Promise<string> {
    const { host } = this;
    const local = uri.match(/^local:\/\/(\/.*)$/i)?.[1];
    if (local !== undefined) {
      if (isFolder(local)) return local;
      throw failed(`Cannot use ${uri} on ${host.node_ip()}: ${local} must be there on every node.`);
    }
    const name = packageOf(uri);
    if (name === undefined) return await this.#download(uri);
    return await this.#hold(
      "files",
      name.replace(/\.(zip|jar|tar\.\w+|tgz)$/, ""),
      async (dir, signal) => {
        if (!host.packages.has(name)) await host.fetch(name, this.asker, signal);
        const order = { kind: "unpack", package: host.packages.path(name), name };
        await this.#build(`unpack ${uri}`, { ...order, folder: dir }, {}, signal);
      },
    );
  }

  async #download(uri: string): Promise<string> {
    const path = uri.split(/[?#]/)[0]!;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const stem = name.replace(/\.(zip|whl|tar\.\w+|tgz)$/, "");
    const key = `${digest(uri)}-${stem.replaceAll(/[^\w.-]/g, "_").slice(-80)}`;
    return await this.#hold(
      "files",
      key,
      (dir, signal) =>
        this.#build(`fetch ${path}`, { kind: "download", uri, name, folder: dir }, {}, signal),
    );
  }

  /** The virtual environment with these packages; what decides how it turns out is in its key. */
  async #install(install: InstallSpec, cwd: string | undefined): Promise<string> {
    const command = this.host.plan.commandFor(this.host.driverOf(this.asker));
    const words = [...install.packages, ...(install.options ?? [])];
    const inside = words.some((word) => word.includes(WORKING_DIR_VARIABLE));
    const vars = { ...this.spec.vars };
    if (cwd !== undefined) vars[WORKING_DIR_VARIABLE] = cwd;
    const facts = [install, command, inside ? this.spec.working_dir : "", nestedFiles(words, vars)];
    const key = `${install.installer}-${digest(JSON.stringify(facts))}`;
    const part = await this.#hold(install.installer, key, (dir, signal) =>
      this.#build(
        `install the packages of runtime_env[${JSON.stringify(install.installer)}]`,
        { kind: "install", ...install, folder: dir },
        vars,
        signal,
      ));
    return join(part, "virtualenv");
  }

  async #hold(
    kind: PartKind,
    key: string,
    build: (dir: string, signal: AbortSignal) => Promise<void>,
  ): Promise<string> {
    const part = await this.parts[kind].hold(key, build, this.signal);
    if (this.#over || this.signal.aborted) { // another part of the same setup failed meanwhile
      part.release();
      throw this.signal.reason ?? new Error("The setup is over");
    }
    this.#held.push(part);
    return part.dir;
  }

  async #build(
    what: string,
    order: Record<string, unknown>,
    vars: Environment,
    signal: AbortSignal,
  ): Promise<void> {
    const { host, asker, spec } = this;
    pruneSetupLogs(host.log_dir);
    const names = new Set([`runtime_env_setup-${asker.job.job_id}.log`, ...spec.log_files]);
    const write = (text: string) => {
      for (const name of names) {
        Deno.writeTextFileSync(join(host.log_dir, name), text, { append: true, mode: 0o600 });
      }
    };
    await buildPart({
      command: host.plan.commandFor(host.driverOf(asker)),
      env: { ...host.plan.templateEnv, ...vars },
      cwd: host.plan.parts.runtime,
      order,
      what,
      node_ip: host.node_ip(),
      log: write,
      signal,
      pids: this.pids,
    });
  }

  /** The profiler's command. @throws {RequestFailed} where it is not on this node. */
  #profiler(): string[] {
    const { host, spec } = this;
    if (spec.nsight === undefined) return [];
    if (typeof spec.nsight === "string" && spec.nsight !== "default") {
      throw failed(
        `Unsupported nsight config: ${spec.nsight}. The supported config is 'default' or ` +
          "Dictionary of nsight options",
      );
    }
    const words = nsightCommand(spec.nsight, join(host.log_dir, "nsight"));
    const path = spec.vars["PATH"] ?? host.plan.templateEnv["PATH"];
    const program = findProgram(words[0]!, path);
    if (program === undefined) {
      throw failed(
        `Cannot run workers under nsight on ${host.node_ip()}: nsight is not installed ` +
          "(no `nsys` on PATH).",
        "Install NVIDIA Nsight Systems on that node, or leave nsight out of the runtime_env.",
      );
    }
    Deno.mkdirSync(join(host.log_dir, "nsight"), { recursive: true, mode: 0o700 });
    return [program, ...words.slice(1)];
  }
}

/** What files say that `-r` and `-c` lines name, where this node has them. */
function nestedFiles(words: string[], vars: Environment): string[] {
  const found: string[] = [];
  for (const word of words) {
    const given = word.match(/^(?:-r|-c|--requirement|--constraint)[ =]?\s*(.+)$/)?.[1];
    if (given === undefined) continue;
    const path = given.replace(
      /\$\{(\w+)\}/g,
      (whole, name: string) => Object.hasOwn(vars, name) ? vars[name]! : whole,
    );
    try {
      found.push(digest(Deno.readTextFileSync(path.trim())));
    } catch { /* the installer will say so */ }
  }
  return found;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function failed(message: string, mend?: string): RequestFailed {
  return new RequestFailed("environment", message, mend);
}

function late(timeout: number): RequestFailed {
  return failed(
    `Failed to install runtime_env within the timeout of ${timeout / 1000} seconds.`,
    "Consider increasing the timeout in the runtime_env config, for example: " +
      'runtime_env = {"config": {"setup_timeout_seconds": 1800}, ...}.',
  );
}
