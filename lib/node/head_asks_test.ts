import assert from "assert";
import type { Message } from "../wire/messages.ts";
import { Client } from "./client.ts";
import { HeadAsks } from "./head_asks.ts";

Deno.test("a request goes to the head with who asks, without the client's own id for it", async () => {
  const asked: Message<"client.request">[] = [];
  const asks = new HeadAsks(() => ({
    isJoined: true,
    send() {},
    ask(message) {
      asked.push(message);
      return Promise.resolve({ fields: { answer: 1 } as never, body: new Uint8Array(0) });
    },
  }));
  const client = new Client("c7");
  client.job_id = "01000000";
  await asks.ask(client, { kind: "query.jobs", id: 5 } as Message, new Uint8Array(0));
  await asks.ask(client, { kind: "query.jobs" }, new Uint8Array(0), undefined, "a");
  const request = { kind: "query.jobs" };
  const asker = { kind: "client.request", client: "c7", job_id: "01000000", request };
  const names = asked.map(({ ask }) => ask);
  assert.equal(new Set(names).size, 2, "each has a name of its own");
  assert.deepEqual(asked, [
    { ...asker, ask: names[0] },
    { ...asker, ask: names[1], actor_id: "a" },
  ]);
});

Deno.test("a driver that went without a link is told of at the next join, once", () => {
  const sent: string[] = [];
  const link = {
    isJoined: false,
    send: (message: Message) => void sent.push((message as Message<"client.gone">).job_id),
    ask: () => Promise.reject(new Error("not asked here")),
  };
  const asks = new HeadAsks(() => link);
  asks.driverGone(new Client("c1"), "01000000", "it ended");
  assert.deepEqual(sent, []);
  link.isJoined = true;
  asks.repeat();
  asks.repeat();
  asks.driverGone(new Client("c2"), "02000000", "it ended");
  assert.deepEqual(sent, ["01000000", "02000000"]);
});
