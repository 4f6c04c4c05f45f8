/** A program that runs: what it prints, line by line, and how it ends. */
import { signal } from "./processes.ts";
import { logTails } from "./logs.ts";
import { soon } from "./until.ts";

/** How a program ended, and all that it said. */
export interface Ending {
  code: number;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** See {@link Program}. */
export interface ProgramOptions {
  command: string[];
  env: Record<string, string>;
  cwd: string;
  /** Keeps its standard input open until {@link Program.endInput}. */
  input?: boolean;
}

/** See the top of this file. */
export class Program {
  readonly ended: Promise<Ending>;
  stdout = "";
  stderr = "";
  isOver = false;
  readonly #child: Deno.ChildProcess;
  #taken = 0;
  #waiting = new Set<() => void>();

  constructor(readonly options: ProgramOptions) {
    const { command, env, cwd, input = false } = options;
    this.#child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      env,
      clearEnv: true,
      cwd,
      stdin: input ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ended = this.#run();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The next whole line of standard output that begins with `{`, as JSON. Others are passed over. */
  // deno-lint-ignore no-explicit-any
  async said(what = "a line of JSON"): Promise<any> {
    const look = () => {
      while (true) {
        const end = this.stdout.indexOf("\n", this.#taken);
        if (end < 0) return undefined;
        const line = this.stdout.slice(this.#taken, end);
        this.#taken = end + 1;
        if (line.startsWith("{")) return line;
      }
    };
    return JSON.parse(await this.#until(what, look));
  }

  /** The match of `pattern` in what it printed to standard error, as soon as it is there. */
  complains(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#until(`${pattern} on stderr`, () => this.stderr.match(pattern) ?? undefined);
  }

  /** The match of `pattern` in what it printed to standard output, as soon as it is there. */
  prints(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#until(`${pattern} on stdout`, () => this.stdout.match(pattern) ?? undefined);
  }

  /** Waits for its end. */
  end(): Promise<Ending> {
    return soon(`the end of ${this}`, this.ended).catch((error) => this.#blame(error));
  }

  /** Its end, which must be with code 0; what it said is in the error otherwise. */
  async ok(): Promise<Ending> {
    const ending = await this.end();
    if (ending.code !== 0) this.#blame(new Error(`${this} ended with code ${ending.code}`));
    return ending;
  }

  /** Writes to its standard input. */
  async tell(text: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    writer.releaseLock();
  }

  /** Closes its standard input. */
  async endInput(): Promise<void> {
    await this.#child.stdin.close().catch(() => {});
  }

  /** Sends a signal. */
  kill(name: Deno.Signal = "SIGKILL"): void {
    signal(this.pid, name);
  }

  /** Ends it where it still runs, and waits. */
  async stop(): Promise<void> {
    if (!this.isOver) this.kill();
    if (this.options.input) await this.endInput();
    await this.ended;
  }

  toString(): string {
    return this.options.command.slice(-3).join(" ");
  }

  async #run(): Promise<Ending> {
    const [status] = await Promise.all([
      this.#child.status,
      this.#listen(this.#child.stdout, (text) => this.stdout += text),
      this.#listen(this.#child.stderr, (text) => this.stderr += text),
    ]);
    this.isOver = true;
    this.#wake();
    const { stdout, stderr } = this;
    return { code: status.code, signal: status.signal, stdout, stderr };
  }

  async #listen(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      add(decoder.decode(bytes, { stream: true }));
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #until<T>(what: string, look: () => T | undefined): Promise<T> {
    let check = () => {};
    try {
      return await soon(
        `${what} from ${this}`,
        new Promise<T>((resolve, reject) => {
          check = () => {
            const found = look();
            if (found === undefined && !this.isOver) return;
            // At once: before this promise's end is seen, more may come, and a look takes a line.
            this.#waiting.delete(check);
            if (found !== undefined) resolve(found);
            else reject(new Error(`${this} ended without ${what}`));
          };
          this.#waiting.add(check);
          check();
        }),
      );
    } catch (error) {
      return this.#blame(error as Error);
    } finally {
      this.#waiting.delete(check);
    }
  }

  #blame(error: Error): never {
    const said = `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
    throw new Error(`${error.message}\n${said}${logTails(this.options.env["BEAM_RUNTIME_DIR"])}`);
  }
}
