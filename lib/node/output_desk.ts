/** Passes lines of workers' output on to their drivers, here or, through the head, elsewhere. */
import type { Message } from "../wire/messages.ts";
import type { Drivers } from "./drivers.ts";
import type { HeadLink } from "./head_link.ts";
import type { Worker } from "./worker.ts";
import type { LogSink, Stream } from "./worker_logs.ts";

/** Bytes in a link's queue beyond which output waits in its file. */
const FULL = 2 ** 20;
/** Longest list of lines in one message. */
const BATCH = 2000;

/** What it needs of the node. */
export interface OutputHost {
  node_id(): string;
  node_ip(): string;
  drivers: Drivers;
  head(): HeadLink;
}

/** See the top of this file. */
export class OutputDesk implements LogSink<Worker> {
  constructor(readonly host: OutputHost) {}

  ready(worker: Worker): boolean {
    const job = this.host.drivers.get(worker.order.job.job_id);
    return (job?.client.link ?? this.host.head()).queuedBytes < FULL;
  }

  lines(worker: Worker, stream: Stream, lines: string[]): void {
    const { job } = worker.order;
    if (job.facts["log_to_driver"] === false) return;
    const local = this.host.drivers.get(job.job_id);
    if (!local && job.node_id === this.host.node_id()) return; // its driver is gone
    for (let at = 0; at < lines.length; at += BATCH) {
      const message: Message<"log"> = {
        kind: "log",
        job_id: job.job_id,
        actor_id: worker.actor_id,
        name: worker.shownName,
        pid: worker.pid,
        ip: this.host.node_ip(),
        stream,
        lines: lines.slice(at, at + BATCH),
      };
      if (local) local.client.push(message);
      else this.host.head().send({ kind: "log.lines", message });
    }
  }
}
