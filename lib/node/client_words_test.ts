import assert from "node:assert/strict";
import type { Message } from "../wire/messages.ts";
import { Client } from "./client.ts";
import { ClientWords } from "./client_words.ts";

function words() {
  const said: { message: Message<"client.said">; body: Uint8Array | undefined }[] = [];
  const head = {
    queuedBytes: 0,
    send: (message: Message, body?: Uint8Array) =>
      void said.push({ message: message as Message<"client.said">, body }),
  };
  return { said, head, words: new ClientWords(() => head) };
}

function driver(): Client {
  const client = new Client("c1");
  client.job_id = "01000000";
  return client;
}

const BODY = new Uint8Array([1]);
const events = { message: { kind: "task.events" as const, count: 1, dropped: 0 }, body: BODY };
const metrics = { message: { kind: "metrics.report" as const }, body: BODY };

Deno.test("words are passed on with who says them", () => {
  const { said, words: own } = words();
  own.pass(driver(), events);
  assert.deepEqual(said[0]!.message, {
    kind: "client.said",
    client: "c1",
    message: { kind: "task.events", count: 1, dropped: 0 },
    process: { worker_id: "01000000".padEnd(56, "f"), job_id: "01000000" },
  });
  assert.equal(said[0]!.body, BODY);
});

Deno.test("where the link is behind, events are left out and metrics are not", () => {
  const { said, head, words: own } = words();
  head.queuedBytes = 2 ** 20 + 1;
  own.pass(driver(), events);
  own.pass(driver(), metrics);
  assert.deepEqual(said.map(({ message }) => message.message["kind"]), ["metrics.report"]);
});

Deno.test("metrics are told again to a new head, and end with their process", () => {
  const { said, words: own } = words();
  const client = driver();
  own.pass(client, metrics);
  own.repeat();
  assert.equal(said.length, 2);
  own.gone(client);
  assert.equal(said[2]!.body, undefined);
  own.repeat();
  own.gone(client);
  assert.equal(said.length, 3);
});
