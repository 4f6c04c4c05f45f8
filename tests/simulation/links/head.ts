/** A head process: the real one, behind a port of the world's making and with a journal that can be lost. */
import { Head } from "../../../lib/head/head.ts";
import { Journal } from "../../../lib/head/journal.ts";
import type { Port, ServerOptions } from "../../../lib/head/server.ts";
import { FrameDecoder } from "../../../lib/wire/frames.ts";
import type { Opened } from "../../../lib/wire/handshake.ts";
import { SimClock } from "./clock.ts";
import type { Wire } from "./wire.ts";

/** A journal whose writes can stay out of the file. */
class SimJournal extends Journal {
  /** A power cut takes what is written from now on. */
  withheld = false;
  #lasts = false;

  override putRow(row: Parameters<Journal["putRow"]>[0]): void {
    super.putRow(row);
    // What the file must have before anything goes on.
    if (row.table === "meta") this.#lasts = true;
  }

  override flush(): void {
    if (!this.withheld || this.#lasts) super.flush();
    this.#lasts = false;
  }
}

class SimPort implements Port {
  readonly port = 6379;
  options: ServerOptions | undefined;

  start(options: ServerOptions): void {
    this.options = options;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export class SimHead {
  /** It stands still: nothing reaches it, and its clock does not go. */
  frozen = 0;
  /** For how long it has stood still by now. */
  stood = 0;

  private constructor(
    readonly head: Head,
    readonly journal: SimJournal,
    readonly port: SimPort,
    readonly clock: SimClock,
  ) {}

  static async start(path: string, now: number): Promise<SimHead> {
    const journal = new SimJournal(path);
    const port = new SimPort();
    const clock = new SimClock(now);
    const config = { listen: { host: "10.0.0.1", port: 6379 }, runtime_dir: "/nowhere" };
    const head = await Head.start(config, { clock, journal, server: port });
    return new SimHead(head, journal, port, clock);
  }

  /** A connection whose opening is done. */
  admit(wire: Wire, remote_ip: string): void {
    const opened = {
      stream: wire.head_end,
      decoder: new FrameDecoder(),
      early: [],
      role: "node",
      cluster: this.head.cluster,
      secret: new Uint8Array(32),
    } as Opened;
    const ends = { remote_ip, local_ip: "10.0.0.1", peer: `${remote_ip}:${wire.machine}` };
    void this.port.options!.onOpened(opened, ends);
  }

  /** It is killed; the world has cut its connections before. */
  async kill(): Promise<void> {
    this.clock.end();
    await this.head.close();
  }
}
