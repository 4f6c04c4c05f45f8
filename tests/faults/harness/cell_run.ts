/** Runs cells of the matrix on a cluster of two nodes: the head's, and the one on which actors live. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "../../e2e/harness/node.ts";
import type { Place } from "../../e2e/harness/place.ts";
import {
  childrenOf,
  commandOf,
  isRunning,
  parentOf,
  signal,
  stateOf,
} from "../../e2e/harness/processes.ts";
import type { Program } from "../../e2e/harness/program.ts";
import { PROGRAMS as E2E_PROGRAMS } from "../../e2e/harness/programs.ts";
import { until } from "../../e2e/harness/until.ts";
import { type Cell, expected, type Told } from "./cells.ts";
import { drive, programPath } from "./drive.ts";
import { nothingLeft } from "./left_behind.ts";
import { type Held, Listener } from "./listener.ts";

const LIFE = join(import.meta.dirname!, "..", "programs", "life.py");
/** Longer than a head waits for a node that says nothing, in milliseconds. */
const PATIENCE = 60_000;

/** See the top of this file. */
export class CellRun {
  #head!: Node;
  #node!: Node;
  /** `beam up --block` of the actors' node, where that is how it was started. */
  #block: Program | undefined;
  #count = 0;

  constructor(readonly place: Place) {}

  /** Starts the cluster. */
  async start(): Promise<void> {
    this.#head = await this.place.head({ cpus: 4 });
    this.#node = this.place.node({
      ip: "127.0.0.2",
      cpus: 4,
      gpus: 1,
      flags: ["--resources", '{"slot": 1}'],
    });
    await this.#join(false);
  }

  /** Runs one; throws where something else came of it than must. */
  async run(cell: Cell): Promise<void> {
    const { victim, step } = cell;
    if ((victim === "block") !== (this.#block !== undefined)) {
      await this.#leave();
      await this.#join(victim === "block");
    }
    using listener = new Listener(join(this.place.dir, `t${++this.#count}`));
    const program = await this.#begin(cell, listener.path);
    const driver = await listener.accept("the driver", PATIENCE);
    const { driver: driverPid } = await driver.next("the driver's pid");
    const held = await listener.accept(`${step} to be reached`, PATIENCE);
    const { pid: heldPid } = await held.next("who is held");
    if (step === "placing") {
      await until("a request waits", async () => (await this.#head.status()).pending.length > 0);
    }
    const pids = { driver: driverPid, worker: heldPid };
    await this.#hit(cell, { ...pids, pid: this.#pidOf(cell, pids) }, held);
    await this.#judge(cell, driver);
    await driver.release();
    await this.#judgeAgain(cell, driver);
    await driver.release();
    if (program.options.input) await program.endInput();
    await program.end();
    if (!isRunning(this.#node.record.pid)) await this.#join(false);
    await nothingLeft([this.#head, this.#node]);
    await this.#fresh();
  }

  async #join(block: boolean): Promise<void> {
    const node = this.#node;
    node.wasKilled = false; // a new daemon clears away what the killed one left
    const env = { BEAM_TOKEN: this.#head.record.token };
    const join = ["--join", this.#head.record.head_address];
    if (!block) {
      await node.up(join, env);
      this.#block = undefined;
      return;
    }
    const command = [this.place.beam, "up", "--block", ...join, ...node.flags, "--json"];
    this.#block = this.place.run(command, { env: node.env(env) });
    const [record] = await this.#block.prints(/^\{[^]*^\}/m);
    node.record = JSON.parse(record);
  }

  async #leave(): Promise<void> {
    await this.#node.down();
    await this.#block?.end();
    this.#block = undefined;
  }

  /** Starts the driver where the cell wants it. */
  async #begin({ victim, step }: Cell, path: string): Promise<Program> {
    const args = [step, path, "127.0.0.2"];
    if (victim !== "supervisor") {
      return drive(victim === "home daemon" ? this.#node : this.#head, "life.py", args);
    }
    const head = this.#head;
    const job = this.place.run([
      ...[this.place.beam, "ray", "job", "submit", "--no-wait"],
      ...[`--address=http://${head.record.dashboard}`, `--submission-id=job-${this.#count}`],
      ...["--", this.place.python, LIFE, ...args],
    ], { env: head.env({ PYTHONPATH: programPath(head) }), cwd: E2E_PROGRAMS });
    await job.ok();
    return job;
  }

  #pidOf({ victim }: Cell, { driver, worker }: { driver: number; worker: number }): number {
    switch (victim) {
      case "driver":
        return driver;
      case "worker":
        return worker;
      case "template":
        return parentOf(worker)!;
      case "daemon":
      case "home daemon":
        return this.#node.record.pid;
      case "head":
        return this.#head.headPid;
      case "block":
        return this.#block!.pid;
      case "supervisor": {
        const found = childrenOf(this.#head.record.pid).find((pid) =>
          / job-supervisor/.test(commandOf(pid))
        );
        assert.ok(found, "the job's supervisor runs");
        return found;
      }
    }
  }

  /** Hits the victim, lets who is held go on, and puts the cluster right again. */
  async #hit(
    { victim, fault, step }: Cell,
    { pid, driver, worker }: { pid: number; driver: number; worker: number },
    held: Held,
  ): Promise<void> {
    const isDaemon = victim === "daemon" || victim === "home daemon" || victim === "block";
    if (fault === "SIGKILL") {
      signal(pid, "SIGKILL");
      await until(`${victim} ${pid} is gone`, () => !isRunning(pid));
      if (isDaemon || victim === "template") {
        await until("the worker is gone with it", () => !isRunning(worker));
      }
      if (isDaemon) {
        const daemon = this.#node.record.pid;
        this.#node.wasKilled = victim !== "block";
        await until("the node's daemon is gone", () => !isRunning(daemon));
        await this.#block?.end();
        if (victim !== "home daemon") await this.#join(false);
      }
      // What the job runs ends with it, a moment later.
      if (victim === "supervisor") await until("the job is gone", () => !isRunning(driver));
      await held.release();
      return;
    }
    signal(pid, "SIGSTOP");
    try {
      // A worker that is being killed may have been quicker.
      const still = step === "killed" && victim === "worker" ? /T|Z|gone/ : /T/;
      await until(`${victim} ${pid} stands still`, () => still.test(stateOf(pid) ?? "gone"), {
        found: () => stateOf(pid) ?? "gone",
      });
      if (fault === "frozen" && victim === "daemon") await this.#declaredDead();
      if (fault === "frozen" && victim === "head") await this.#headMissed();
      // Whoever waits for the frozen one to answer must not lose what is said meanwhile.
      if (step !== "killed") await held.release();
    } finally {
      signal(pid, "SIGCONT");
    }
    if (fault === "frozen" && victim === "daemon") await this.#backAsAnother();
  }

  async #declaredDead(): Promise<void> {
    const { node_id } = this.#node.record;
    await until("the node is dead", async () => {
      const { nodes } = await this.#head.status();
      return nodes.some((node) => node.node_id === node_id && !node.alive);
    });
  }

  async #backAsAnother(): Promise<void> {
    const former = this.#node.record.node_id;
    await until("the node is back under another id", async () => {
      const { nodes } = await this.#head.status();
      const found = nodes.find((node) => node.alive && node.ip === this.#node.ip);
      if (!found || found.node_id === former) return false;
      this.#node.record = { ...this.#node.record, node_id: found.node_id };
      return true;
    });
  }

  /** Until a node has given up its link to the head that says nothing. */
  async #headMissed(): Promise<void> {
    const log = join(this.#node.dir, "logs", this.#node.record.node_id.slice(0, 12), "daemon.log");
    const before = Deno.readTextFileSync(log).length;
    await until(
      "the node misses the head",
      () => /silent/.test(Deno.readTextFileSync(log).slice(before)),
    );
  }

  async #judge(cell: Cell, driver: Held): Promise<void> {
    const { call } = expected(cell);
    const said = await driver.next("the end of the call", PATIENCE);
    if (call === "nobody") {
      // It may have been told of the actor's death before its own.
      const first = cell.step === "killed" || cell.victim === "supervisor";
      if (first && said?.outcome.error) return;
      return assert.equal(said, undefined, JSON.stringify(said));
    }
    assert.ok(said, "the driver has ended before it told of its call");
    compare("call", said.outcome, call);
  }

  async #judgeAgain(cell: Cell, driver: Held): Promise<void> {
    const { again } = expected(cell);
    if (again === "nobody") return;
    const said = await driver.next("the end of a further call", PATIENCE);
    assert.ok(said, "the driver has ended before it told of its further call");
    compare("further call", said.again, again);
  }

  /** A fresh driver works, on the node that was hit. */
  async #fresh(): Promise<void> {
    const driver = this.#node.driver("one_actor.py");
    const said = await driver.said("a fresh driver's word");
    assert.ok(said.version, JSON.stringify(said));
    await driver.ok();
    await nothingLeft([this.#head, this.#node]);
  }
}

function compare(
  what: string,
  found: { value?: unknown; error?: { type: string; text: string } },
  wanted: "done" | Told,
): void {
  if (wanted === "done") return assert.deepEqual(found, { value: "done" }, what);
  assert.ok(found.error, `The ${what} had to fail, and was ${JSON.stringify(found.value)}`);
  assert.match(found.error.type, wanted.type, found.error.text);
  assert.match(found.error.text, wanted.text);
}
