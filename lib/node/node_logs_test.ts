import assert from "assert";
import { join } from "node:path";
import { Link, type Received } from "../wire/link.ts";
import { pipe } from "../wire/_pipe.ts";
import { type LogFileView, NodeLogs, type NodeLogsHost } from "./node_logs.ts";

const ACTOR = "0123456789ab";

/** Folders with logs, and a link to one who answers from them. */
class Shelf implements AsyncDisposable {
  readonly dir = Deno.realPathSync(Deno.makeTempDirSync());
  readonly above = join(this.dir, "logs");
  readonly folder = join(this.above, "aaaabbbbcccc");
  readonly out = join(this.folder, `worker-${ACTOR}-1-beef.out`);
  workers: ReturnType<NodeLogsHost["workers"]> = [];
  readonly #asker: Link;
  readonly #answerer: Link;

  constructor(is_head = true) {
    Deno.mkdirSync(this.folder, { recursive: true });
    for (
      const [path, text] of [
        [join(this.folder, "daemon.log"), "one\ntwo\nthree\n"],
        [this.out, "hello\n"],
        [join(this.above, "head.log"), "head\n"],
        [join(this.above, "job-driver-j1.log"), "job\n"],
        [join(this.above, "other.txt"), "other\n"],
        [join(this.dir, "token"), "secret\n"],
      ] as const
    ) Deno.writeTextFileSync(path, text);
    Deno.symlinkSync(join(this.dir, "token"), join(this.folder, "link.log"));
    const { folder, above } = this;
    const { signal } = new AbortController();
    const logs = new NodeLogs({ folder, above, is_head, workers: () => this.workers, signal });
    const [near, far] = pipe();
    this.#answerer = new Link(far, {
      peer: "the head",
      onMessage: (received: Received, link) =>
        received.message.kind === "node.logs"
          ? logs.answerList(received, "node.logs", link)
          : void logs.answerPart(received, link),
    }).start();
    this.#asker = new Link(near, { peer: "the node", onMessage() {} }).start();
  }

  async list(match?: string): Promise<LogFileView[]> {
    const ask = match === undefined ? {} : { match };
    const { body } = await this.#asker.request({ kind: "node.logs", ...ask });
    return JSON.parse(new TextDecoder().decode(body));
  }

  async part(file: string, more: { offset?: number; lines?: number; wait_ms?: number } = {}) {
    const ask = { offset: 0, most: 1000, wait_ms: 0, ...more };
    const { fields, body } = await this.#asker.request({ kind: "node.log", file, ...ask });
    const { size, offset, running } = fields;
    return { size, offset, running, text: new TextDecoder().decode(body) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#asker.close();
    this.#answerer.close();
    await this.#answerer.closed;
    Deno.removeSync(this.dir, { recursive: true });
  }
}

Deno.test("a node lists its own logs, the head's where that is here, and submitted jobs'", async () => {
  await using shelf = new Shelf();
  const names = (await shelf.list()).map(({ name }) => name).sort();
  assert.deepEqual(names, [
    "daemon.log",
    "head.log",
    "job-driver-j1.log",
    `worker-${ACTOR}-1-beef.out`,
  ]);
  const [worker] = await shelf.list(ACTOR);
  assert.deepEqual([worker?.of, worker?.actor, worker?.incarnation, worker?.stream], [
    "worker",
    ACTOR,
    1,
    "out",
  ]);
  assert.equal(worker?.running, false);
  await using without = new Shelf(false);
  assert.ok(!(await without.list()).some(({ name }) => name === "head.log"));
});

Deno.test("no name leads out of the folder, over a link or to a folder", async () => {
  await using shelf = new Shelf();
  for (
    const name of [
      "../../token",
      "../head.log",
      join(shelf.dir, "token"),
      "link.log",
      "other.txt",
      "aaaabbbbcccc",
      "aaaabbbbcccc/daemon.log",
      "./daemon.log",
      "daemon.log/",
      "daemon.log\0",
      "..",
      "",
    ]
  ) {
    await assert.rejects(shelf.part(name), { code: "no_log" }, JSON.stringify(name));
  }
});

Deno.test("parts are read from a byte or a line on, and anew where the file was begun anew", async () => {
  await using shelf = new Shelf();
  const whole = await shelf.part("daemon.log");
  assert.deepEqual(whole, { size: 14, offset: 0, running: true, text: "one\ntwo\nthree\n" });
  assert.equal((await shelf.part("daemon.log", { offset: 8 })).text, "three\n");
  const last = await shelf.part("daemon.log", { lines: 2 });
  assert.deepEqual([last.text, last.offset], ["two\nthree\n", 4]);
  assert.equal((await shelf.part("daemon.log", { lines: 0 })).text, "");
  assert.equal((await shelf.part("daemon.log", { lines: 99 })).text, whole.text);
  const anew = await shelf.part("daemon.log", { offset: 5000 });
  assert.deepEqual([anew.offset, anew.text], [0, whole.text]);
});

Deno.test("what is not written yet is waited for, as long as somebody writes", async () => {
  await using shelf = new Shelf();
  const name = `worker-${ACTOR}-1-beef.out`;
  const order = { job: { job_id: "01000000" } };
  shelf.workers = [{ out: shelf.out, err: "", pid: 7, shownName: "W", order } as never];
  assert.deepEqual((await shelf.list(ACTOR)).map(({ pid, running }) => [pid, running]), [[
    7,
    true,
  ]]);
  const next = shelf.part(name, { offset: 6, wait_ms: 10_000 });
  Deno.writeTextFileSync(shelf.out, "more\n", { append: true });
  assert.deepEqual(await next, { size: 11, offset: 6, running: true, text: "more\n" });
  shelf.workers = [];
  const over = await shelf.part(name, { offset: 11, wait_ms: 10_000 });
  assert.deepEqual([over.text, over.running], ["", false]);
});
