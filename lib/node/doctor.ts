/**
 * Answers who asks what is wrong with this machine: starts `beam doctor-node` and passes on what it
 * prints. Who asks while one runs gets that one's answer.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { FactsRequest } from "../doctor/read_facts.ts";
import { unlikeNode } from "../runtime/background.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Link, Received } from "../wire/link.ts";
import type { Environment } from "./worker_env.ts";

/** How long the whole of it may take, in milliseconds: its parts have shorter limits of their own. */
const TIMEOUT = 30_000;
/** More than any diagnosis, in bytes. */
const MOST = 8 * 2 ** 20;

/** What it needs of the node. */
export interface DoctorHost {
  /** The command that looks. */
  command: string[];
  /** The daemon's, without secrets. */
  env: Environment;
  request(): FactsRequest;
  /** In milliseconds. */
  timeout?: number;
}

/** See the top of this file. */
export class Doctor {
  #running: Promise<Uint8Array> | undefined;
  #child: ChildProcess | undefined;

  constructor(readonly host: DoctorHost) {}

  /** Its process, while one runs. */
  get pids(): number[] {
    const pid = this.#child?.pid;
    return pid === undefined ? [] : [pid];
  }

  /** Answers over `link`; never rejects. */
  async answer(
    received: Received,
    kind: "node.doctor" | "daemon.doctor",
    link: Pick<Link, "reply" | "refuse">,
  ): Promise<void> {
    try {
      this.#running ??= this.#run().finally(() => this.#running = undefined);
      link.reply(received, kind, {}, await this.#running);
    } catch (error) {
      link.refuse(received, error);
    }
  }

  /** Ends the one that runs. */
  close(): void {
    this.#child?.kill("SIGKILL");
  }

  /** The diagnosis as JSON. @throws {RequestFailed} */
  async #run(): Promise<Uint8Array> {
    const { command, env, timeout = TIMEOUT } = this.host;
    const child = spawn(unlikeNode(command[0]!), command.slice(1), {
      env,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    child.once("error", (error) => resolve(error.message));
    if (child.pid === undefined) throw failed(await ended);
    this.#child = child;
    child.once("close", (code, signal) => resolve(signal ? `ended by ${signal}` : `code ${code}`));
    const parts: Uint8Array[] = [];
    let size = 0;
    child.stdout!.on("data", (part: Uint8Array) => {
      size += part.length;
      if (size > MOST) child.kill("SIGKILL");
      else parts.push(part);
    });
    let words = "";
    child.stderr!.on("data", (part: Uint8Array) => {
      words = (words + new TextDecoder().decode(part)).slice(-2000);
    });
    child.stdin!.on("error", () => {}); // one that fails at once may not read it
    child.stdin!.end(JSON.stringify(this.host.request()) + "\n");
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeout);
    const end = await ended;
    clearTimeout(timer);
    this.#child = undefined;
    if (end === "code 0") return joined(parts, size);
    throw failed(
      late ? `it did not end within ${timeout / 1000} s` : words.trim().split("\n").at(-1) || end,
    );
  }
}

function failed(why: string): RequestFailed {
  return new RequestFailed(
    "doctor",
    `Cannot look at this machine: ${why}`,
    "Run `beam doctor` there; a file system (a mount of a server that is gone) or a vendor's command may hang.",
  );
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
