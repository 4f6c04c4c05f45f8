/** The head's process on the head's machine: started, and started again when it ends. */
import type { HeadConfig, HeadGreeting, HeadReady } from "../head/config.ts";
import { RequestFailed } from "../wire/errors.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import { noProcess } from "./no_process.ts";

const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 2000;
/** How long one may take to be ready, in milliseconds, before it is ended and tried again. */
const READY_TIMEOUT = 60_000;
/** One that ran so long, in milliseconds, did not end for what ended the one before. */
const LASTING = 10_000;

/** See {@link HeadProcess}. */
export interface HeadProcessOptions {
  /** The command that runs it, `head` among its arguments. */
  command: string[];
  env: Record<string, string>;
  config: HeadConfig;
  log(level: "info" | "warning" | "error", text: string): void;
}

/** A head that is to take the place of the one that runs. */
interface Successor {
  command: string[];
  resolve(ready: HeadReady): void;
  reject(error: unknown): void;
}

/** See the top of this file. */
export class HeadProcess {
  /** Why there is none at present, and what to do, in words. */
  fault: { message: string; mend?: string | undefined } | undefined;
  #command: string[];
  #ready: HeadReady | undefined;
  #successor: Successor | undefined;
  #child: Deno.ChildProcess | undefined;
  #stdin: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #stopped = false;
  #said = "";
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(readonly options: HeadProcessOptions) {
    this.#command = options.command;
  }

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** What the last one said when it was ready. */
  get ready(): HeadReady | undefined {
    return this.#ready;
  }

  /**
   * Starts it and keeps it running until {@link stop}.
   * @throws {RequestFailed} with its own words where it cannot start.
   */
  async start(): Promise<HeadReady> {
    const ready = await this.#launch(this.#command);
    // Nodes and drivers know it by this port: it must come back on the same.
    this.options.config.listen.port = ready.port;
    this.#keepDashboard(ready);
    this.#loop = this.#keep();
    return ready;
  }

  /**
   * Puts another program's head in its place, which takes over from the journal on the same port. Where
   * that cannot start, the former program's is started again.
   * @throws {RequestFailed} with the new one's words where it cannot start.
   */
  async replace(command: string[]): Promise<HeadReady> {
    if (this.#successor || this.#stopped) {
      throw new RequestFailed(
        "busy",
        "Cannot replace the head: it is being replaced or ended already",
        "Try again when that is done; `beam status` says which build runs.",
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<HeadReady>();
    this.#successor = { command, resolve, reject };
    this.#wake?.();
    await this.#end();
    return await promise;
  }

  /** Ends it: by its closed input, or after `patience` milliseconds by force. */
  async stop(patience?: number): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#end(patience);
    await this.#loop;
  }

  async #end(patience = 3000): Promise<void> {
    const child = this.#child;
    if (!child) return;
    await this.#stdin?.close().catch(() => {});
    const timer = setTimeout(() => end(child), patience);
    await child.status;
    clearTimeout(timer);
  }

  /** Its HTTP server comes back where it was, and what has taken the place meanwhile ends no head. */
  #keepDashboard({ dashboard: address }: HeadReady): void {
    const { dashboard } = this.options.config;
    if (!dashboard) return;
    if (address !== undefined) dashboard.port = Number(address.slice(address.lastIndexOf(":") + 1));
    dashboard.asked = false;
    dashboard.any = false;
  }

  async #launch(command: string[]): Promise<HeadReady> {
    const { env, config } = this.options;
    const child = begun(command, env);
    this.#child = child;
    const stdin = child.stdin.getWriter();
    this.#stdin = stdin;
    const words = lastWords(child.stderr);
    const line = JSON.stringify({ ...config, protocol: PROTOCOL_VERSION }) + "\n";
    await stdin.write(new TextEncoder().encode(line)).catch(() => {});
    const late = setTimeout(() => end(child), READY_TIMEOUT);
    const greeting = await firstGreeting(child.stdout);
    clearTimeout(late);
    if (greeting && "ready" in greeting) {
      this.fault = undefined;
      this.#ready = greeting.ready;
      // Should its journal be lost, it goes on as this cluster and counts on from here.
      const { cluster, epoch } = greeting.ready;
      config.former = { cluster, epoch };
      return greeting.ready;
    }
    end(child);
    const status = await child.status;
    await stdin.close().catch(() => {});
    this.#child = undefined;
    if (greeting) throw new RequestFailed("head", greeting.error.message, greeting.error.mend);
    const telling = (await words).trim().split("\n").find((text) => /error/i.test(text)) ?? "";
    throw new RequestFailed(
      "head",
      `Cannot start the head: its process ended with ${
        status.signal ?? `code ${status.code}`
      } before it was ready${telling === "" ? "" : ` (${telling.trim().slice(0, 300)})`}.`,
      "Look into head.log in the runtime directory's logs.",
    );
  }

  async #keep(): Promise<void> {
    let pause = SHORTEST_PAUSE;
    while (!this.#stopped) {
      if (this.#child) {
        const since = performance.now();
        const status = await this.#child.status;
        await this.#stdin?.close().catch(() => {});
        this.#child = undefined;
        if (this.#stopped) break;
        const how = status.signal ?? `code ${status.code}`;
        if (!this.#successor) this.#say("warning", `The head ended (${how}); starting it again`);
        this.fault ??= { message: `its process ended (${how})` };
        if (performance.now() - since > LASTING) pause = SHORTEST_PAUSE;
      }
      if (!this.#successor) {
        await this.#rest(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
      if (this.#stopped) break;
      await this.#again();
    }
    this.#successor?.reject(new RequestFailed("ended", "The node is being ended"));
  }

  async #again(): Promise<void> {
    const successor = this.#successor;
    try {
      const ready = await this.#launch(successor?.command ?? this.#command);
      this.#said = "";
      this.#say(
        "info",
        `The head is back: build ${ready.build}, epoch ${ready.epoch}, pid ${this.pid}`,
      );
      if (ready.journal_fault) this.#say("error", ready.journal_fault);
      if (successor) this.#command = successor.command;
      successor?.resolve(ready);
    } catch (error) {
      this.#failed(error as Error);
      successor?.reject(error);
    }
    if (successor) this.#successor = undefined; // another may have been asked for meanwhile
  }

  /** In a log that a person reads, what is tried every other second is said once. */
  #failed({ message, mend }: Error & { mend?: string }): void {
    this.fault = { message, mend };
    if (message !== this.#said) this.#say("error", message);
    this.#said = message;
  }

  #say(level: "info" | "warning" | "error", text: string): void {
    this.options.log(level, text);
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function begun(command: string[], env: Record<string, string>) {
  try {
    return new Deno.Command(command[0]!, {
      args: command.slice(1),
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new RequestFailed(
        "head",
        `Cannot start the head: ${command[0]}, which runs here, is not there any more`,
        "Put it back, or run `beam up --replace` with the beam that is there now.",
      );
    }
    throw noProcess(error, "head", "Cannot start the head") ?? error;
  }
}

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch { /* it has ended */ }
}

/** The first line that is a greeting; what follows is read and dropped, so that no pipe fills. */
function firstGreeting(stream: ReadableStream<Uint8Array>): Promise<HeadGreeting | undefined> {
  return new Promise((resolve) => {
    const read = async () => {
      let text = "";
      let found = false;
      for await (const part of stream.pipeThrough(new TextDecoderStream())) {
        if (found) continue;
        text += part;
        for (let end = text.indexOf("\n"); end >= 0 && !found; end = text.indexOf("\n")) {
          const greeting = parseGreeting(text.slice(0, end));
          text = text.slice(end + 1);
          if (!greeting) continue;
          found = true;
          resolve(greeting);
        }
      }
    };
    read().catch(() => {}).finally(() => resolve(undefined));
  });
}

function parseGreeting(line: string): HeadGreeting | undefined {
  try {
    const value = JSON.parse(line);
    return value?.ready || value?.error ? value : undefined;
  } catch {
    return undefined; // a runtime's own line
  }
}

async function lastWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  try {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text = (text + part).slice(-8192);
    }
  } catch { /* it broke with the process */ }
  // A runtime colours its errors, whoever reads them.
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
