import assert from "assert";
import type { Message } from "../wire/messages.ts";
import { Client } from "./client.ts";
import { WorkerNews } from "./worker_news.ts";
import type { Worker } from "./worker.ts";

const REPORT = { kind: "exit" as const, exit_code: 1, message: "It ended." };

function made(max_restarts: number) {
  const sent: [Message, number][] = [];
  const pushed: Message<"actor.state">[] = [];
  const head = {
    send: (message: Message, body = new Uint8Array(0)) => void sent.push([message, body.length]),
  };
  const news = new WorkerNews({ head: () => head, log: () => {} });
  const client = new Client("c1");
  client.push = (message) => void pushed.push(message as unknown as Message<"actor.state">);
  news.watchers.watch("a", client);
  const order = { max_restarts, class_name: "Echo" };
  const worker = { actor_id: "a", incarnation: 1, order } as unknown as Worker;
  return { news, worker, sent, pushed };
}

Deno.test("a death that nothing can follow is told here at once; another one by the head", () => {
  const last = made(0);
  last.news.died(last.worker, REPORT, new Uint8Array(3), { intended: false, unready: false });
  assert.deepEqual(last.pushed.map(({ state }) => state), ["dead"]);
  assert.deepEqual([...last.news.watchers.of("a")], []);
  const more = made(1);
  more.news.died(more.worker, REPORT, new Uint8Array(0), { intended: false, unready: false });
  assert.deepEqual(more.pushed, []);
  assert.equal([...more.news.watchers.of("a")].length, 1);
  const early = made(0);
  early.news.died(early.worker, REPORT, new Uint8Array(0), { intended: false, unready: true });
  assert.deepEqual(early.pushed, []);
});

Deno.test("what the head has not noted it is told again, with the exception", () => {
  const { news, worker, sent } = made(0);
  news.died(worker, REPORT, new Uint8Array(3), { intended: true, unready: false });
  news.repeat();
  assert.deepEqual(sent[1], sent[0]);
  assert.equal(sent[1]![1], 3);
  news.deaths.noted("a", 1);
  news.repeat();
  assert.equal(sent.length, 2);
});

Deno.test("what a worker does with what it holds goes to the head, wishes for it to who located it", () => {
  const { news, worker, sent, pushed } = made(0);
  for (const lending of ["blocked", "unblocked", "returned"] as const) {
    worker.lending = lending;
    news.lent(worker);
  }
  assert.deepEqual(
    sent.map(([message]) => (message as Message<"actor.event">).event),
    ["blocked", "unblocked", "returned"],
  );
  news.tellWanted("a");
  news.tellWanted("b");
  assert.deepEqual(pushed, [{ kind: "lease.wanted", actor_id: "a" }]);
});

Deno.test("a death here names the first one, of this node or told by the head", () => {
  const crew = "group p";
  const torn = { ...REPORT, who: "actor b (2…)", crew, peer_lost: true, at: 2 };
  const first = {
    kind: "signal" as const,
    message: "Killed.",
    mend: "Look.",
    who: "actor a (1…)",
    crew,
    at: 1,
  };
  for (const here of [true, false]) {
    const { news, worker, sent } = made(0);
    if (here) news.died(worker, first, new Uint8Array(0), { intended: false, unready: false });
    else {
      const report = { ...first } as Record<string, unknown>;
      const told = { kind: "actor.state", state: "dead", incarnation: 1, report } as const;
      news.tellWatchers({ ...told, actor_id: "elsewhere" }, new Uint8Array(0));
    }
    news.died(worker, torn, new Uint8Array(0), { intended: false, unready: false });
    const { report } = sent.at(-1)![0] as Message<"actor.event">;
    assert.equal(report?.["caused_by"], "actor a (1…)");
    assert.equal(report?.["cause_message"], "Killed.");
    assert.equal(report?.["mend"], "Look.");
  }
});
