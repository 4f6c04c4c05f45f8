import assert from "assert";
import { encodeHead, PEER_LIMITS } from "../wire/frames.ts";
import { nodeReportOf, watchedOf } from "../head/node_spec.ts";
import { Deaths } from "./deaths.ts";
import { Drivers } from "./drivers.ts";
import { joinReport } from "./join_report.ts";
import type { Client } from "./client.ts";
import { Watchers } from "./watchers.ts";
import type { Worker } from "./worker.ts";

Deno.test("what runs and what ended is a report that the head reads", () => {
  const deaths = new Deaths();
  const report = { kind: "exit" as const, exit_code: 1, message: "It ended." };
  const death = { report, body: new Uint8Array(0), intended: false, final: true };
  deaths.add({ ...death, actor_id: "gone", incarnation: 1 });
  deaths.add({ ...death, actor_id: "meant", incarnation: 1, intended: true });
  deaths.add({ ...death, actor_id: "noted", incarnation: 1 });
  deaths.noted("noted", 1);
  const grant = { amounts: { GPU: 10_000 }, gpus: [[0, 10_000]] };
  const worker = (actor_id: string, more: Partial<Worker>) =>
    ({
      actor_id,
      incarnation: 2,
      pid: 7,
      address: { socket: "/s" },
      order: { grant },
      ...more,
    }) as Worker;
  const watchers = new Watchers();
  watchers.watch("elsewhere", {} as Client);
  const parts = {
    node_id: "n",
    workers: [
      worker("runs", { state: "running", connectable: true }),
      worker("starts", { connectable: false }),
      worker("waits", { state: "running", connectable: false, lending: "blocked" }),
      worker("stays", { state: "running", connectable: false, lending: "returned" }),
    ],
    drivers: new Drivers(),
    deaths,
    watchers,
  };
  assert.deepEqual(watchedOf(joinReport(parts)), ["elsewhere"]);
  assert.deepEqual(nodeReportOf(joinReport(parts), "n"), {
    actors: [
      {
        actor_id: "runs",
        incarnation: 2,
        pid: 7,
        initialized: true,
        address: { socket: "/s" },
        grant,
      },
      { actor_id: "starts", incarnation: 2, pid: 7, initialized: false, grant },
      { actor_id: "waits", incarnation: 2, pid: 7, initialized: true, blocked: true, grant },
      { actor_id: "stays", incarnation: 2, pid: 7, initialized: true, returned: true, grant },
    ],
    jobs: [],
    deaths: [
      { actor_id: "gone", incarnation: 1, report },
      { actor_id: "meant", incarnation: 1, report, intended: true },
    ],
  });
});

Deno.test("a report of very many deaths can be sent: the first have all their words", () => {
  const deaths = new Deaths();
  const report = {
    kind: "exit" as const,
    message: "m".repeat(16 * 1024),
    traceback: "t".repeat(32 * 1024),
    stderr_tail: ["x"],
  };
  for (let at = 0; at < 1000; at++) {
    const more = { body: new Uint8Array(0), intended: false, final: true };
    deaths.add({ actor_id: `${at}`, incarnation: 1, report, ...more });
  }
  const told = joinReport({
    node_id: "n",
    workers: [],
    drivers: new Drivers(),
    deaths,
    watchers: new Watchers(),
  });
  const head = encodeHead({ kind: "node.join", report: told });
  assert.ok(head.length < PEER_LIMITS.header / 2, `${head.length}`);
  const read = nodeReportOf(told, "n").deaths;
  assert.equal(read.length, 1000);
  assert.deepEqual(read[0]!.report, report);
  assert.match(read[999]!.report.message, /^m+ … \d+ characters left out … m+$/);
  assert.equal(read[999]!.report.traceback, undefined);
});
