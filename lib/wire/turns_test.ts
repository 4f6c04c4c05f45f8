import assert from "assert";
import { pipe } from "./_pipe.ts";
import { Link } from "./link.ts";

Deno.test("a peer that sends faster than it is served keeps no timer waiting", async () => {
  const [here, there] = pipe();
  let served = 0;
  let atTimer: number | undefined;
  const arrived = Promise.withResolvers<void>();
  const count = 2000;
  const receiver = new Link(there, {
    peer: "the sender",
    onMessage() {
      if (++served === 1) setTimeout(() => atTimer = served, 1);
      const begun = performance.now();
      while (performance.now() - begun < 0.1);
      if (served === count) arrived.resolve();
    },
  }).start();
  const sender = new Link(here, { peer: "the receiver", onMessage() {} }).start();
  for (let at = 0; at < count; at++) {
    sender.send({ kind: "node.leave", reason: `${at}` });
  }
  await arrived.promise;
  assert.ok(atTimer !== undefined && atTimer < count, `the timer fired after ${atTimer} messages`);
  sender.close();
  receiver.close();
  await Promise.all([sender.closed, receiver.closed]);
});
