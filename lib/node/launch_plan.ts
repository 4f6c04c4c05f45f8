/** With which command, environment and directory this node starts workers. */
import { join } from "node:path";
import type { GpuVendor } from "../probe/gpus.ts";
import { shellWord } from "../runtime/launcher.ts";
import { templateCommand } from "./interpreter.ts";
import type { WorkerOrder } from "./order.ts";
import type { TemplateParts } from "./templates.ts";
import {
  type Environment,
  needsExec,
  nodeEnv,
  templateEnv,
  withPlaces,
  workerEnv,
} from "./worker_env.ts";

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

/** What a runtime environment gave a worker to be started with. */
export interface Places {
  /** Where it runs, where that is not the driver's directory. */
  cwd: string | undefined;
  /** What stands first in PYTHONPATH. */
  paths: string[];
  /** A virtual environment's folder. */
  virtual_env: string | undefined;
  /** What a shell runs instead of the interpreter. */
  executable: string | undefined;
  /** The words before the worker's own command: a profiler. */
  prefix: string[];
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

  /**
   * The template for workers in these places. Its environment has what only a fresh interpreter
   * takes from its environment, so that they can be forked.
   */
  templateIn(places: Places, driver: string | undefined, vars: Environment): TemplateParts {
    const { shim } = this.parts;
    const { executable, virtual_env, cwd } = places;
    if (executable !== undefined) {
      // As Ray runs it: a shell's words, before the path of a script.
      const start = `exec ${executable} ${shellWord(join(shim, "ray", "_worker", "start.py"))}`;
      const env = workerEnv({
        node: this.#nodeEnv,
        shim,
        jobVars: {},
        actorVars: vars,
        vendor: null,
        devices: [],
      });
      const parts: TemplateParts = {
        command: ["sh", "-c", start],
        env: withPlaces(env, shim, places),
      };
      return cwd === undefined ? parts : { ...parts, cwd };
    }
    const command = virtual_env === undefined
      ? this.commandFor(driver)
      : [join(virtual_env, "bin", "python"), "-m", "ray._worker"];
    return { command, env: withPlaces(this.templateEnv, shim, places) };
  }

  /**
   * The environment of an order's worker: the whole, or with `keep` what differs from its template's;
   * and whether only a fresh interpreter can have it.
   */
  envFor(
    order: WorkerOrder,
    prepared?: { places: Places; templateEnv: Environment },
  ): { env: Environment; exec: boolean; keep: boolean } {
    const { shim, vendor } = this.parts;
    const made = workerEnv({
      node: this.#nodeEnv,
      shim,
      jobVars: order.job.vars,
      actorVars: order.actorVars,
      vendor,
      devices: order.devices,
    });
    if (!prepared) return { env: made, exec: needsExec(this.templateEnv, made), keep: false };
    const { places, templateEnv } = prepared;
    const env = withPlaces(made, shim, places);
    const exec = needsExec(templateEnv, env) || places.prefix.length > 0;
    // What starts the interpreter (`uv run`) may have set variables of its own.
    const keep = places.executable !== undefined && order.submission_id === undefined;
    return { env: keep ? differing(env, templateEnv) : env, exec, keep };
  }

  /** The driver's directory where this machine has it. */
  cwdFor(order: WorkerOrder): string {
    try {
      if (order.job.cwd !== "" && Deno.statSync(order.job.cwd).isDirectory) return order.job.cwd;
    } catch { /* it is the driver's machine that has it */ }
    return order.submission_id === undefined ? this.parts.runtime : this.parts.cwd;
  }
}

function differing(env: Environment, base: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => base[name] !== value));
}
