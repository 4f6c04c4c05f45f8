/**
 * One warm worker template: a Python process that forks workers. It is ready when it has said its
 * hello over the control socket; it is over when its process is.
 */
import { randomBytes } from "node:crypto";
import { within } from "../runtime/within.ts";
import type { Link } from "../wire/link.ts";
import type { Fields } from "../wire/messages.ts";
import { RequestFailed } from "../wire/errors.ts";
import { findProgram } from "./interpreter.ts";
import { noProcess } from "./no_process.ts";
import type { Environment } from "./worker_env.ts";

/** How long a template may take to say hello, in milliseconds: a cold disk is slow. */
export const TEMPLATE_TIMEOUT = 60_000;

/** What a template is started with. */
export interface TemplateOptions {
  command: string[];
  env: Environment;
  cwd: string;
  /** The daemon's control socket. */
  socket: string;
  /** For sentences: `10.0.0.1`. */
  node_ip: string;
  /** Its output, and its workers' before they have their own. */
  output(text: string): void;
  /** Its process ended. */
  onEnd(template: Template): void;
  timeout?: number;
}

/** See the top of this file. */
export class Template {
  /** The one-time name by which its hello is recognised. */
  readonly key = randomBytes(16).toString("hex");
  /** Resolves at its hello; rejects with {@link RequestFailed} where it cannot come to that. */
  readonly ready: Promise<void>;
  /** Settles when its process is gone. */
  readonly ended: Promise<void>;
  python = "";
  executable = "";
  link: Link | undefined;
  /** Exits that arrived before the answer to their fork was looked at. */
  readonly unclaimed = new Map<number, number>();
  /** How its process ended, once it has. */
  end: string | undefined;

  readonly #child: Deno.ChildProcess;
  #becomeReady!: () => void;
  #fail!: (error: Error) => void;
  #lastWords = "";
  #timer: number;

  /** @throws {RequestFailed} where the command cannot be started at all. */
  constructor(readonly options: TemplateOptions) {
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#fail = reject;
    });
    this.ready.catch(() => {}); // whoever waits for it hears of it
    this.#child = this.#spawn();
    const timeout = options.timeout ?? TEMPLATE_TIMEOUT;
    this.#timer = setTimeout(() => {
      this.#fail(this.#trouble(`did not say that it is ready within ${timeout / 1000} s`));
      this.kill();
    }, timeout);
    const listening = [this.#listen(this.#child.stdout), this.#listen(this.#child.stderr)];
    this.ended = this.#watch(listening);
  }

  get pid(): number {
    return this.#child.pid;
  }

  get isReady(): boolean {
    return this.link !== undefined && this.end === undefined;
  }

  /** Its hello arrived over this link. */
  hello(link: Link, fields: Fields<"template.hello">): void {
    clearTimeout(this.#timer);
    this.link = link;
    this.python = fields.python;
    this.executable = fields.executable;
    link.closed.then(() => this.kill()); // without its link it could not report an exit
    this.#becomeReady();
  }

  /**
   * Forks a worker; its pid.
   * @throws {RequestFailed} where it cannot; {@link LinkClosed} where the template ends first.
   */
  async fork(fields: Fields<"fork">): Promise<number> {
    try {
      const answer = await this.link!.request({ kind: "fork", ...fields });
      return answer.fields.pid;
    } catch (error) {
      throw noProcess(error, "fork", `Cannot fork a worker on ${this.options.node_ip}`) ?? error;
    }
  }

  /** Asks it to end: it ends its workers and itself. */
  close(): void {
    if (this.link) this.link.close();
    else this.kill();
  }

  /** Ends it at once. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
  }

  #spawn(): Deno.ChildProcess {
    const { command, env, cwd, socket } = this.options;
    const program = findProgram(command[0]!, env["PATH"]);
    if (program === undefined) {
      throw this.#trouble("is not there, or may not be executed");
    }
    try {
      return new Deno.Command(program, {
        args: command.slice(1),
        env: { ...env, BEAM_TEMPLATE: JSON.stringify({ socket, key: this.key }) },
        clearEnv: true,
        cwd,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      const what = `Cannot start workers on ${this.options.node_ip}`;
      throw noProcess(error, "start", what) ??
        this.#trouble(`cannot be started (${(error as Error).message})`);
    }
  }

  async #watch(listening: Promise<void>[]): Promise<void> {
    const status = await this.#child.status;
    this.end = status.signal ? `was ended by ${status.signal}` : `ended with code ${status.code}`;
    clearTimeout(this.#timer);
    // Children that still hold the pipes must not keep us from telling.
    if (!this.link) await within(Promise.all(listening), 200);
    this.#fail(this.#trouble(`${this.end} before it was ready`));
    this.link?.close();
    this.options.onEnd(this);
  }

  async #listen(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of stream) {
        const text = decoder.decode(bytes, { stream: true });
        this.#lastWords = (this.#lastWords + text).slice(-4096);
        this.options.output(text);
      }
    } catch { /* the pipe broke with the process */ }
  }

  #trouble(what: string): RequestFailed {
    const line = this.#lastWords.trim().split("\n").at(-1) ?? "";
    const said = line === "" ? "" : `: ${line.slice(0, 500)}`;
    return new RequestFailed(
      "start",
      `Cannot start workers on ${this.options.node_ip}: their command ` +
        `"${this.options.command.join(" ")}" ${what}${said}`,
      "Set BEAM_WORKER_CMD on that node to a command that runs `-m ray._worker` with a Python " +
        "that has the program's packages, and start the node again.",
    );
  }
}
