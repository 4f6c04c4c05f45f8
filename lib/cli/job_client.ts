/** Speaks Ray's job API: what `ray job …` asks the head. */
import type { JobDetails, JobRequest } from "../dashboard/jobs_api.ts";
import { Trouble } from "../runtime/errors.ts";
import { reasonOf } from "../runtime/paths.ts";
import { jobServer } from "./job_address.ts";
import { patiently } from "./patience.ts";

/** How long an answer may take, in milliseconds. */
const TIMEOUT = 60_000;
/** How long a log that is followed is tried again when its head went away, in milliseconds. */
const PATIENCE = 30_000;
const PAUSE = 250;
/** Characters of another server's error that are shown. */
const MOST_SHOWN = 2000;

/** What the flags of every `ray job` command say. */
export interface JobClientOptions {
  address?: string | undefined;
  /** Further headers of each request. */
  headers?: Record<string, string>;
  /** A file of certificates that are trusted instead of the system's. */
  certificates?: string | undefined;
}

/** See the top of this file. */
export class JobClient {
  readonly #client: Deno.HttpClient | undefined;

  private constructor(
    readonly url: string,
    readonly headers: Readonly<Record<string, string>>,
    certificates: string | undefined,
  ) {
    this.#client = certificates === undefined
      ? undefined
      : Deno.createHttpClient({ caCerts: [readCertificates(certificates)] });
  }

  /** Finds the server and its token. Nothing is sent yet. */
  static async find(options: JobClientOptions): Promise<JobClient> {
    const { url, token } = await jobServer(options.address);
    const headers = new Headers(options.headers);
    if (token !== undefined && !headers.has("authorization")) {
      headers.set("authorization", `Bearer ${token}`);
    }
    return new JobClient(url, Object.fromEntries(headers), options.certificates);
  }

  /** The API's version, as Ray counts it. */
  async version(): Promise<string> {
    return (await this.#ask<{ version: string }>("GET", "/api/version")).version;
  }

  async submit(request: Partial<JobRequest>): Promise<string> {
    const answer = await this.#ask<{ submission_id: string }>("POST", "/api/jobs/", request);
    return answer.submission_id;
  }

  details(id: string): Promise<JobDetails> {
    return this.#ask("GET", `/api/jobs/${encodeURIComponent(id)}`);
  }

  list(): Promise<JobDetails[]> {
    return this.#ask("GET", "/api/jobs/");
  }

  async stop(id: string): Promise<boolean> {
    const path = `/api/jobs/${encodeURIComponent(id)}/stop`;
    return (await this.#ask<{ stopped: boolean }>("POST", path)).stopped;
  }

  async delete(id: string): Promise<boolean> {
    const path = `/api/jobs/${encodeURIComponent(id)}`;
    return (await this.#ask<{ deleted: boolean }>("DELETE", path)).deleted;
  }

  /** All that the job has written. */
  async logs(id: string): Promise<string> {
    const path = `/api/jobs/${encodeURIComponent(id)}/logs`;
    return (await this.#ask<{ logs: string }>("GET", path)).logs;
  }

  /**
   * Hands on what the job writes until it has ended. A head that is restarted meanwhile is waited for.
   * @throws {Trouble} where the log cannot be followed (any more)
   */
  async follow(id: string, write: (text: string) => void): Promise<void> {
    let told = 0;
    let since = performance.now();
    for (;;) {
      let skip = told;
      const whole = await this.#followOnce(id, (text) => {
        since = performance.now();
        const rest = text.slice(skip);
        skip -= text.length - rest.length;
        told += rest.length;
        if (rest !== "") write(rest);
      });
      if (whole) return;
      if (performance.now() - since > PATIENCE) {
        throw new Trouble(
          `Cannot follow the log of job ${id}: the connection to ${this.url} ended before the job`,
          `See \`ray job status ${id}\`; the job does not depend on this command.`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** True where the server closed it in order, false where the connection broke. */
  #followOnce(id: string, take: (text: string) => void): Promise<boolean> {
    const path = `/api/jobs/${encodeURIComponent(id)}/logs/tail`;
    const socket = new WebSocket(this.url.replace(/^http/, "ws") + path, {
      headers: this.headers,
      ...(this.#client && { client: this.#client }),
    });
    return new Promise((resolve) => {
      socket.onmessage = ({ data }) => take(String(data));
      socket.onerror = (event) => event.preventDefault();
      socket.onclose = ({ code }) => resolve(code === 1000);
    });
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const whom = `the head at ${this.url}`;
    const { status, ok, text } = await patiently(
      (signal) => this.#fetched(path, { method, signal, body }),
      { timeout: TIMEOUT, whom },
    );
    if (ok) return this.#json<T>(text);
    // A page for people: of some other server.
    if (text.trimStart().startsWith("<")) throw this.#unreachable("what answers there is no head");
    throw new Trouble(
      `Request failed with status code ${status}: ${text.slice(0, MOST_SHOWN)}`,
      status === 401 || status === 403
        ? "Set RAY_AUTH_TOKEN (or BEAM_TOKEN) to the token that `beam token` shows on the head's " +
          "machine, for its user."
        : undefined,
    );
  }

  async #fetched(
    path: string,
    { method, signal, body }: { method: string; signal: AbortSignal; body: unknown },
  ): Promise<{ status: number; ok: boolean; text: string }> {
    try {
      const answer = await fetch(this.url + path, {
        method,
        headers: {
          ...this.headers,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        signal,
        redirect: "error", // the token is for this server alone
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(this.#client && { client: this.#client }),
      });
      return { status: answer.status, ok: answer.ok, text: await answer.text() };
    } catch (error) {
      if (signal.aborted) throw error;
      throw this.#unreachable(reasonOf(error), error);
    }
  }

  /** What a server answers that is none of a head's is its own. */
  #json<T>(text: string): T {
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw this.#unreachable("what answers there is no head", error);
    }
  }

  #unreachable(why: string, cause?: unknown): Trouble {
    return new Trouble(
      `Failed to connect to Ray at address: ${this.url} (${why})`,
      "Give the address of the head's HTTP server with --address, for example " +
        "http://127.0.0.1:8265; `beam status` shows whether a cluster is there.",
      { cause },
    );
  }
}

function readCertificates(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw new Trouble(
      `Cannot use --verify=${file}: ${reasonOf(error)}`,
      "Name a file of certificates, or give true.",
      { cause: error },
    );
  }
}
