/**
 * Starts the supervisors of submitted jobs. To the rest of the node a supervisor is a worker like any
 * other: it says hello, holds what was granted to it, and its end is reported.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { unlikeNode } from "../runtime/background.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Fields } from "../wire/messages.ts";
import { noProcess } from "./no_process.ts";
import { rawStatus } from "./wait_status.ts";
import type { Environment } from "./worker_env.ts";
import type { WorkerSource } from "./worker_source.ts";

/** What they are started with. */
export interface SupervisorsOptions {
  /** The command that runs one. */
  command: string[];
  /** Their own environment; that of the entrypoint comes with each order. */
  env: Environment;
  /** The daemon's control socket. */
  socket: string;
  /** How large a job's log may become, in bytes. */
  log_limit: number;
  /** One has ended, with this wait status. */
  exited(source: WorkerSource, pid: number, status: number): void;
}

/** What a supervisor is told on its standard input. */
export interface SupervisorOrder {
  socket: string;
  /** The one-time name of its hello. */
  spawn: string;
  cwd: string;
  env: Environment;
  /** How large the job's log may become, in bytes. */
  log_limit: number;
}

/** See the top of this file. */
export class Supervisors implements WorkerSource {
  readonly pid = 0;
  readonly isReady = true;
  readonly ready = Promise.resolve();
  readonly python = "";
  readonly end = undefined;
  readonly unclaimed = new Map<number, number>();
  readonly #children = new Map<number, ChildProcess>();

  constructor(readonly options: SupervisorsOptions) {}

  /** Pids of those that run. */
  get pids(): number[] {
    return [...this.#children.keys()];
  }

  /** @throws {RequestFailed} where the process cannot be started. */
  async fork({ spawn: name, env, cwd, err }: Fields<"fork">): Promise<number> {
    const { command, socket, log_limit } = this.options;
    let fd: number | undefined;
    try {
      fd = openSync(err, "a", 0o600);
      const child = spawn(unlikeNode(command[0]!), command.slice(1), {
        env: this.options.env,
        stdio: ["pipe", "ignore", fd],
      });
      const { pid } = child;
      // Where nobody listens for it, the error ends the daemon.
      if (pid === undefined) throw await new Promise((resolve) => child.once("error", resolve));
      this.#children.set(pid, child);
      child.once("exit", (code, signal) => {
        this.#children.delete(pid);
        this.options.exited(this, pid, rawStatus(code, signal));
      });
      child.stdin!.on("error", () => {}); // one that fails at once may not read it
      const order: SupervisorOrder = {
        socket,
        spawn: name,
        cwd,
        env: env as Environment,
        log_limit,
      };
      child.stdin!.end(JSON.stringify(order) + "\n");
      return pid;
    } catch (error) {
      throw noProcess(error, "start", "Cannot start a job's supervisor") ?? new RequestFailed(
        "start",
        `Cannot start a job's supervisor: its command "${command.join(" ")}" cannot be run ` +
          `(${(error as Error).message})`,
        "See that beam's file is still there, and that the machine has memory for a process.",
      );
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  kill(): void {
    for (const child of this.#children.values()) child.kill("SIGKILL");
  }
}
