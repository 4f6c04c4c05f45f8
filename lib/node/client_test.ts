import assert from "assert";
import { Link } from "../wire/link.ts";
import type { Message } from "../wire/messages.ts";
import { Client } from "./client.ts";

Deno.test("output for a driver that does not read is left out, and that is told when it reads again", () => {
  const sent: Message<"log">[] = [];
  let queuedBytes = 0;
  const client = new Client("c1");
  const link = { send: (message: Message<"log">) => sent.push(message) };
  client.link = Object.defineProperty(link, "queuedBytes", {
    get: () => queuedBytes,
  }) as unknown as Link;
  const log = (...lines: string[]) =>
    client.pushLog({
      ...{
        kind: "log",
        job_id: "01000000",
        actor_id: "a",
        name: "A",
        pid: 1,
        ip: "10.0.0.2",
        stream: "out",
      },
      lines,
    });
  log("one");
  queuedBytes = 2 ** 20 + 1;
  for (let at = 0; at < 1000; at++) log("lost", "too");
  queuedBytes = 0;
  log("two");
  log("three");
  assert.deepEqual(sent.map(({ lines }) => lines.length), [1, 2, 1]);
  assert.match(
    String(sent[1]!.lines[0]),
    /^\[beam: 2000 lines of output came faster .*`beam logs`/,
  );
});
