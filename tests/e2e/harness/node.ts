/** One node of a cluster under test, with its own runtime directory and address. */
import { dirname, join } from "node:path";
import type { ClusterStatus } from "../../../lib/cli/cluster_status.ts";
import type { DaemonRecord } from "../../../lib/runtime/records.ts";
import type { Changes, Place } from "./place.ts";
import { childrenOf, commandOf, isRunning, signal } from "./processes.ts";
import type { Ending, Program } from "./program.ts";
import { PROGRAMS } from "./programs.ts";
import { until } from "./until.ts";

/** See {@link Node}. */
export interface NodeOptions {
  dir?: string;
  /** Default 127.0.0.1, for the n-th joiner 127.0.0.n. */
  ip?: string;
  cpus?: number;
  /** How many GPUs it pretends to have. */
  gpus?: number;
  /** Further flags of `beam up`. */
  flags?: string[];
  env?: Changes;
  /** What stands before each command on it, such as one that enters a network namespace. */
  via?: string[];
}

/** The record that `beam up --json` prints; a head's has the token. */
export type UpRecord = DaemonRecord & { token?: string };

/** See the top of this file. */
export class Node {
  record!: UpRecord;
  /** Its daemon was killed on purpose: what it could not remove may lie there. */
  wasKilled = false;

  constructor(readonly place: Place, readonly dir: string, readonly options: NodeOptions) {}

  get ip(): string {
    return this.options.ip ?? "127.0.0.1";
  }

  get instanceDir(): string | undefined {
    return this.record && dirname(this.record.socket);
  }

  /** The flags of `beam up` that every test's node has: nothing depends on the machine. */
  get flags(): string[] {
    const { cpus = 8, gpus = 0, flags = [] } = this.options;
    return ["--node-ip", this.ip, "--num-cpus", `${cpus}`, "--num-gpus", `${gpus}`, ...flags];
  }

  env(changes: Changes = {}): Changes {
    return { BEAM_RUNTIME_DIR: this.dir, ...this.options.env, ...changes };
  }

  /** `beam up` with `args`; throws with its words where it fails. */
  async up(args: string[], env: Changes = {}): Promise<this> {
    const ending = await this.cli(["up", ...args, ...this.flags, "--json"], env);
    if (ending.code !== 0) throw new Error(`beam up failed:\n${ending.stderr}`);
    this.record = JSON.parse(ending.stdout);
    return this;
  }

  /** Runs beam's command line on this node, to its end. */
  cli(args: string[], env: Changes = {}): Promise<Ending> {
    return this.run([this.place.beam, ...args], { env: this.env(env) }).end();
  }

  /** Starts a program on this node. */
  run(command: string[], options: Parameters<Place["run"]>[1] = {}): Program {
    return this.place.run([...this.options.via ?? [], ...command], options);
  }

  /** Standard output of a command of beam, which must not fail. */
  async tell(...args: string[]): Promise<string> {
    const ending = await this.cli(args);
    if (ending.code !== 0) throw new Error(`beam ${args.join(" ")} failed:\n${ending.stderr}`);
    return ending.stdout;
  }

  /** `beam status --json`. */
  async status(): Promise<ClusterStatus> {
    return JSON.parse(await this.tell("status", "--json"));
  }

  /** The variables of a program that imports `ray` from this node's shim. */
  programEnv(changes: Changes = {}): Changes {
    return this.env({ PYTHONPATH: this.record.shim_path, ...changes });
  }

  /** Runs a program of `programs/` as a driver on this node. */
  driver(name: string, args: string[] = [], options: DriverOptions = {}): Program {
    const { python = this.place.python, env, ...rest } = options;
    const command = [python, "-u", join(PROGRAMS, name), ...args];
    return this.run(command, { ...rest, env: this.programEnv(env) });
  }

  /** The pid of the head's process. */
  get headPid(): number {
    const [pid] = this.headPids;
    if (pid === undefined) throw new Error(`The daemon ${this.record.pid} has no head process`);
    return pid;
  }

  /** The same; none while it is started again. */
  get headPids(): number[] {
    return childrenOf(this.record.pid).filter((child) => / head$/.test(commandOf(child)));
  }

  /** The pids of its worker templates. */
  get templatePids(): number[] {
    return childrenOf(this.record.pid).filter((pid) => /ray\._worker/.test(commandOf(pid)));
  }

  /** Kills its daemon with SIGKILL. */
  async killDaemon(): Promise<void> {
    this.wasKilled = true;
    signal(this.record.pid, "SIGKILL");
    await until("the daemon is gone", () => !isRunning(this.record.pid));
  }

  /** Ends it where it runs. */
  async down(): Promise<void> {
    if (!this.record || !isRunning(this.record.pid)) return;
    const ending = await this.cli(["down", "--force"]);
    if (ending.code !== 0) throw new Error(`beam down failed:\n${ending.stderr}`);
  }
}

/** See {@link Node.driver}. */
export interface DriverOptions {
  python?: string;
  env?: Changes;
  cwd?: string;
  input?: boolean;
}
