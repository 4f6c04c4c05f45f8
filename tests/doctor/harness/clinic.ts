/** A healthy cluster on machines of their own, and nodes that join it for one situation each. */
import { Machines } from "../../faults/harness/machines.ts";
import type { Node, NodeOptions } from "../../e2e/harness/node.ts";
import type { Changes, Place } from "../../e2e/harness/place.ts";
import type { ClusterExamination } from "../../../lib/head/doctor.ts";
import { examine } from "./examined.ts";

/** See the top of this file. Machine 1 is the head's, 2 has a node, and 3 is for the situations. */
export class Clinic {
  readonly machines: Machines;
  head!: Node;
  second!: Node;

  constructor(readonly place: Place) {
    this.machines = new Machines(3);
    for (const at of [1, 2, 3]) this.nameLeadsTo(at, this.machines.address(at));
  }

  /** What the host name is resolved to on that machine, by /etc/hosts. */
  nameLeadsTo(at: number, address: string): void {
    this.machines.hosts(at, `127.0.0.1 localhost\n${address} ${Deno.hostname()}\n`);
  }

  /** Starts the two healthy nodes. */
  async open(): Promise<void> {
    this.head = await this.place.head(this.on(1));
    this.second = await this.place.join(this.head, this.on(2));
  }

  /** What every node's environment has besides. */
  env: Changes = {};

  /** How a node is started on that machine. */
  on(at: number, options: NodeOptions = {}): NodeOptions {
    const via = [...options.via ?? [], ...this.machines.viaWhole(at)];
    const env = { ...this.env, ...options.env };
    return { ip: this.machines.address(at), cpus: 4, ...options, via, env };
  }

  /** What is found when a node joins from machine 3, started so; it leaves again. */
  async visit(options: NodeOptions = {}): Promise<ClusterExamination> {
    const node = await this.place.join(this.head, this.on(3, options));
    try {
      return await examine(this.second);
    } finally {
      await node.down();
    }
  }
}
