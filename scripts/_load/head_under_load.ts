/** A real head process of its own, with a token and a folder, and what it uses. */
import { join } from "node:path";
import { HeadProcess } from "../../lib/node/head_process.ts";
import { selfCommand } from "../../lib/runtime/launcher.ts";
import { withoutPrivate } from "../../lib/runtime/private_env.ts";
import { dial, type Role } from "../../lib/wire/handshake.ts";
import { Keyring } from "../../lib/wire/keyring.ts";
import { Link } from "../../lib/wire/link.ts";

/** See {@link HeadUnderLoad.start}. */
export interface HeadOptions {
  /** An executable of beam; absent: this checkout. */
  binary?: string | undefined;
  /** Port of an inspector, for a profile; only of a checkout. */
  inspector?: number | undefined;
  /** It serves its dashboard, on a free port. */
  dashboard?: boolean;
}

const HOST = "127.0.0.1";

/** See the top of this file. */
export class HeadUnderLoad implements AsyncDisposable {
  readonly token = crypto.randomUUID();

  private constructor(
    readonly dir: string,
    readonly process: HeadProcess,
    readonly port: number,
    /** `host:port` of its dashboard. */
    readonly dashboard: string | undefined,
  ) {}

  /** Starts it on a free port of this machine. */
  static async start(
    { binary, inspector, dashboard = false }: HeadOptions,
  ): Promise<HeadUnderLoad> {
    const dir = Deno.makeTempDirSync({ prefix: "beam-load-" });
    const command = binary === undefined ? selfCommand() : [binary];
    if (inspector !== undefined) command.splice(2, 0, `--inspect=${HOST}:${inspector}`);
    const token = crypto.randomUUID();
    const process = new HeadProcess({
      command: [...command, "head"],
      env: withoutPrivate(Deno.env.toObject()),
      config: {
        listen: { host: HOST, port: 0 },
        token,
        runtime_dir: dir,
        log: join(dir, "head.log"),
        ...(dashboard && { dashboard: { host: HOST, port: 0 } }),
      },
      log: (level, text) => console.error(`${level}: ${text}`),
    });
    try {
      const { port, dashboard: address } = await process.start();
      return Object.assign(new HeadUnderLoad(dir, process, port, address), { token });
    } catch (error) {
      Deno.removeSync(dir, { recursive: true });
      throw error;
    }
  }

  get pid(): number {
    return this.process.pid!;
  }

  get address(): { host: string; port: number } {
    return { host: HOST, port: this.port };
  }

  get keys(): Keyring {
    return new Keyring(this.token);
  }

  /** A link to it that is no node's. */
  async link(role: Role = "health"): Promise<Link> {
    const stream = await Deno.connect({ hostname: HOST, port: this.port });
    stream.setNoDelay(true);
    const peer = "the head";
    const identity = { build: "load", keys: this.keys };
    const opened = await dial(stream, { identity, role, peer });
    return new Link(opened.stream, { peer, decoder: opened.decoder, onMessage() {} })
      .start(opened.early);
  }

  /** The end of its log. */
  get lastWords(): string {
    return Deno.readTextFileSync(join(this.dir, "head.log")).slice(-2000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop();
    Deno.removeSync(this.dir, { recursive: true });
  }
}
