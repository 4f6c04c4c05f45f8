/** With which command, environment and directory this node starts workers. */
import type { GpuVendor } from "../probe/gpus.ts";
import { templateCommand } from "./interpreter.ts";
import type { WorkerOrder } from "./order.ts";
import { type Environment, needsExec, nodeEnv, templateEnv, workerEnv } from "./worker_env.ts";

/** What a node's plan is made from. */
export interface LaunchParts {
  /** The daemon's environment. */
  env: Environment;
  /** Network variables of this node. */
  network: Environment;
  shim: string;
  /** BEAM_WORKER_CMD, where the configuration has it. */
  worker_cmd: string | undefined;
  vendor: GpuVendor | null;
  /** Where workers run whose driver's directory is not on this machine. */
  runtime: string;
  /** Where the node was started: a submitted job's entrypoint runs there. */
  cwd: string;
}

/** See the top of this file. */
export class LaunchPlan {
  readonly templateEnv: Environment;
  readonly #nodeEnv: Environment;

  constructor(readonly parts: LaunchParts) {
    this.#nodeEnv = nodeEnv(parts.env, parts.network);
    this.templateEnv = templateEnv(this.#nodeEnv, parts.shim);
  }

  /** The command of the template, for a driver's interpreter on this machine or none. */
  commandFor(driver: string | undefined): string[] {
    const { env, worker_cmd } = this.parts;
    return templateCommand({
      worker_cmd: worker_cmd ?? env["BEAM_WORKER_CMD"],
      driver,
      python: env["BEAM_PYTHON"],
      virtual_env: env["VIRTUAL_ENV"],
    });
  }

  /** The whole environment of an order's worker, and whether only a fresh interpreter can have it. */
  envFor(order: WorkerOrder): { env: Environment; exec: boolean } {
    const { shim, vendor } = this.parts;
    const env = workerEnv({
      node: this.#nodeEnv,
      shim,
      jobVars: order.job.vars,
      actorVars: order.actorVars,
      vendor,
      devices: order.devices,
    });
    return { env, exec: needsExec(this.templateEnv, env) };
  }

  /** The driver's directory where this machine has it. */
  cwdFor(order: WorkerOrder): string {
    try {
      if (order.job.cwd !== "" && Deno.statSync(order.job.cwd).isDirectory) return order.job.cwd;
    } catch { /* it is the driver's machine that has it */ }
    return order.submission_id === undefined ? this.parts.runtime : this.parts.cwd;
  }
}
