import assert from "assert";
import { ProtocolError } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import type { Reply } from "../wire/messages.ts";
import { FakeClock } from "./_fakes.ts";
import { Readings, readingsOf } from "./readings.ts";

const ANSWER: Reply<"node.readings"> = {
  at: 1,
  took_ms: 0,
  cpu_count: 8,
  cpu_busy: 2.5,
  memory_total: 100,
  memory_used: 60,
  daemon: { cpu_seconds: 1, memory: 2, open_files: 3 },
  gpus: [{ index: 0, name: "H100", busy_percent: 97, processes: [{ pid: 5, memory_used: 6 }] }],
};

/** A node that answers when it is told to. */
class Node {
  asked = 0;
  answer: (() => Promise<Reply<"node.readings">>) | undefined = () => Promise.resolve(ANSWER);
  readonly link = {
    request: (_: unknown, { signal }: { signal?: AbortSignal } = {}) => {
      this.asked++;
      if (this.answer) {
        return this.answer().then((fields) => ({ fields, body: new Uint8Array(0) }));
      }
      return new Promise((_, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true })
      );
    },
  } as unknown as Pick<Link, "request">;
}

function readingsFor(nodes: Record<string, Node>) {
  const clock = new FakeClock();
  const links = () => Object.entries(nodes).map(([node_id, { link }]) => ({ node_id, link }));
  return { clock, readings: new Readings({ links, clock }) };
}

Deno.test("nodes are asked while somebody looks, and no longer", async () => {
  const node = new Node();
  const { clock, readings } = readingsFor({ a: node });
  clock.pass(60_000);
  assert.equal(node.asked, 0);
  assert.equal(readings.get("a"), undefined);
  await readings.want();
  const { took_ms: _, ...said } = ANSWER;
  assert.deepEqual(readings.get("a"), said);
  assert.ok(readings.rtt("a")! >= 0);
  for (let beat = 0; beat < 4; beat++) {
    clock.pass(5000);
    await readings.want();
  }
  assert.equal(node.asked, 5);
  for (let beat = 0; beat < 100; beat++) {
    clock.pass(5000);
    await Promise.resolve();
  }
  const asked = node.asked;
  assert.ok(asked < 30, `asked ${asked} times`);
  await readings.want();
  assert.equal(node.asked, asked + 1);
  readings.close();
});

Deno.test("a node that does not answer holds up nobody for long, and is asked once at a time", async () => {
  const silent = new Node();
  silent.answer = undefined;
  const { clock, readings } = readingsFor({ a: silent, b: new Node() });
  const wanted = readings.want();
  clock.pass(4000);
  await wanted;
  assert.ok(readings.get("b"));
  assert.equal(readings.get("a"), undefined);
  clock.pass(1000);
  await Promise.resolve();
  assert.equal(silent.asked, 2);
  readings.forget("b");
  assert.equal(readings.get("b"), undefined);
  clock.pass(4000);
  readings.close();
});

Deno.test("a node's lie changes nothing", async () => {
  const node = new Node();
  const { clock, readings } = readingsFor({ a: node });
  await readings.want();
  node.answer = () => Promise.resolve({ ...ANSWER, memory_used: -1 });
  clock.pass(5000);
  await readings.want();
  assert.equal(readings.get("a")?.memory_used, 60);
  readings.close();
  const bad = (more: Record<string, unknown>) => () => readingsOf({ ...ANSWER, ...more });
  assert.throws(bad({ gpus: [7] }), ProtocolError);
  assert.throws(bad({ gpus: [{ index: 0, busy_percent: "a lot" }] }), /busy_percent/);
  assert.throws(bad({ daemon: { cpu_seconds: NaN } }), /cpu_seconds/);
  const many = readingsOf({
    ...ANSWER,
    gpus: Array(5000).fill({ index: 1, name: "x".repeat(999) }),
  });
  assert.equal(many.gpus.length, 1024);
  assert.equal(many.gpus[0]!.name.length, 256);
});
