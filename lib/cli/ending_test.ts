import assert from "assert";
import type { DaemonRecord } from "../runtime/records.ts";
import { startTicks } from "../runtime/records.ts";
import { endedText } from "./down.ts";
import { endingOrder, endNode } from "./ending.ts";

function recordOf(pid: number, changes: Partial<DaemonRecord> = {}): DaemonRecord {
  const record = { pid, start_ticks: startTicks(pid) ?? 0, node_ip: "10.0.0.1", is_head: false };
  return { ...record, socket: "/no/such/socket", ...changes } as DaemonRecord;
}

Deno.test("heads end last", () => {
  const head = recordOf(1, { is_head: true });
  const node = recordOf(1);
  assert.deepEqual(endingOrder([head, node]), [node, head]);
});

Deno.test("a daemon that does not answer is left alone, or killed where that is asked for", async () => {
  const stubborn = "trap '' TERM; echo; while :; do sleep 1; done";
  await using child = new Deno.Command("sh", { args: ["-c", stubborn], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const record = recordOf(child.pid);
  await assert.rejects(endNode(record, { force: false, timeout: 50 }), /still runs after 0.05 s/);
  const ended = await endNode(record, { force: true, timeout: 50 });
  assert.deepEqual(ended, { record, workers: undefined, killed: true });
  assert.equal((await child.status).signal, "SIGKILL");
  assert.equal((await endNode(record, { force: false })).killed, false, "it is gone already");
});

Deno.test("a daemon whose socket is gone is asked by a signal", async () => {
  await using child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const record = recordOf(child.pid);
  const ended = await endNode(record, { force: false });
  assert.deepEqual(ended, { record, workers: undefined, killed: false });
  assert.equal((await child.status).signal, "SIGTERM");
});

Deno.test("what became of a node, in words", () => {
  const record = recordOf(1);
  assert.equal(
    endedText({ record, workers: 1, killed: false }),
    "Ended the node 10.0.0.1 (1 worker).",
  );
  assert.equal(
    endedText({ record: { ...record, is_head: true }, workers: 2, killed: true }),
    "Ended the head 10.0.0.1 (killed).",
  );
});
