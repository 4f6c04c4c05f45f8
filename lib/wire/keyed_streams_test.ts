import assert from "assert";
import { KeyedStreams } from "./keyed_streams.ts";
import { keyId, Keyring } from "./keyring.ts";

const id = (text: string) => keyId(new TextEncoder().encode(text));

/** A stream that lasts until it is ended; why it was. */
function held(streams: KeyedStreams, key: string | undefined): Promise<string> {
  return streams.hold(key, (signal) => {
    if (signal.aborted) return Promise.resolve((signal.reason as Error).message);
    return new Promise<string>((resolve) => {
      signal.addEventListener("abort", () => resolve((signal.reason as Error).message));
    });
  });
}

Deno.test("streams end with the time of the token that opened them, and others do not", async () => {
  let now = 0;
  const keys = new Keyring("one");
  const streams = new KeyedStreams(keys, () => now);
  const ended: string[] = [];
  const hold = (name: string, key?: string) => held(streams, key).then(() => ended.push(name));
  const first = hold("first", id("one"));
  keys.use("two", now, 100);
  const all = [first, hold("late", id("one")), hold("second", id("two")), hold("open")];
  streams.endFormer();
  now = 100;
  streams.endFormer();
  await Promise.all(all.slice(0, 2));
  assert.deepEqual(ended, ["first", "late"]);
  assert.match(await held(streams, id("one")), /a former token/);
  streams.close(new Error("over"));
  await Promise.all(all);
  assert.equal(await held(streams, id("two")), "over");
});
