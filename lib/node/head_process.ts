/** The head's process on the head's machine: started, and started again when it ends. */
import type { HeadConfig, HeadGreeting, HeadReady } from "../head/config.ts";
import { RequestFailed } from "../wire/errors.ts";

const SHORTEST_PAUSE = 50;
const LONGEST_PAUSE = 2000;

/** See {@link HeadProcess}. */
export interface HeadProcessOptions {
  /** The command that runs it, `head` among its arguments. */
  command: string[];
  env: Record<string, string>;
  config: HeadConfig;
  log(level: "info" | "warning" | "error", text: string): void;
}

/** See the top of this file. */
export class HeadProcess {
  #child: Deno.ChildProcess | undefined;
  #stdin: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(readonly options: HeadProcessOptions) {}

  /** Its pid while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts it and keeps it running until {@link stop}.
   * @throws {RequestFailed} with its own words where it cannot start.
   */
  async start(): Promise<HeadReady> {
    const ready = await this.#launch();
    // Nodes and drivers know it by this port: it must come back on the same.
    this.options.config.listen.port = ready.port;
    this.#keepDashboard(ready);
    this.#loop = this.#keep();
    return ready;
  }

  /** Ends it: by its closed input, or after `patience` milliseconds by force. */
  async stop(patience = 3000): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    const child = this.#child;
    if (child) {
      await this.#stdin?.close().catch(() => {});
      const timer = setTimeout(() => end(child), patience);
      await child.status;
      clearTimeout(timer);
    }
    await this.#loop;
  }

  /** Its HTTP server comes back where it was, and what has taken the place meanwhile ends no head. */
  #keepDashboard({ dashboard: address }: HeadReady): void {
    const { dashboard } = this.options.config;
    if (!dashboard) return;
    if (address !== undefined) dashboard.port = Number(address.slice(address.lastIndexOf(":") + 1));
    dashboard.asked = false;
    dashboard.any = false;
  }

  async #launch(): Promise<HeadReady> {
    const { command, env, config } = this.options;
    const child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      env,
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    const stdin = child.stdin.getWriter();
    this.#stdin = stdin;
    const words = lastWords(child.stderr);
    await stdin.write(new TextEncoder().encode(JSON.stringify(config) + "\n")).catch(() => {});
    const greeting = await firstGreeting(child.stdout);
    if (greeting && "ready" in greeting) return greeting.ready;
    end(child);
    const status = await child.status;
    await stdin.close().catch(() => {});
    this.#child = undefined;
    if (greeting) throw new RequestFailed("head", greeting.error.message, greeting.error.mend);
    const line = (await words).trim().split("\n").find((text) => /error/i.test(text)) ?? "";
    throw new RequestFailed(
      "head",
      `Cannot start the head: its process ended with ${
        status.signal ?? `code ${status.code}`
      } before it was ready${line === "" ? "" : ` (${line.trim().slice(0, 300)})`}.`,
      "Look into head.log in the runtime directory's logs.",
    );
  }

  async #keep(): Promise<void> {
    let pause = SHORTEST_PAUSE;
    while (!this.#stopped) {
      if (this.#child) {
        const since = Date.now();
        const status = await this.#child.status;
        await this.#stdin?.close().catch(() => {});
        this.#child = undefined;
        if (this.#stopped) return;
        const how = status.signal ?? `code ${status.code}`;
        this.options.log("warning", `The head ended (${how}); starting it again`);
        if (Date.now() - since > 10_000) pause = SHORTEST_PAUSE;
      }
      await this.#rest(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      if (this.#stopped) return;
      try {
        const { epoch } = await this.#launch();
        this.options.log("info", `The head is back, epoch ${epoch}, pid ${this.pid}`);
      } catch (error) {
        this.options.log("error", (error as Error).message);
      }
    }
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
  return text;
}
