import assert from "assert";
import { Keyring } from "../../wire/keyring.ts";
import { NONCE, type ProbeTarget } from "./probe.ts";
import { dialAll, outcomeOf } from "./probe_dial.ts";
import { ProbeListener } from "./probe_listener.ts";

const words = () => ({
  ask: crypto.getRandomValues(new Uint8Array(NONCE)),
  answer: crypto.getRandomValues(new Uint8Array(NONCE)),
});
const options = { identity: () => ({ build: "test", keys: new Keyring("") }), ms: 10_000 };

function target(
  listener: Pick<ProbeListener, "port" | "words">,
  change: Partial<ProbeTarget> = {},
): ProbeTarget {
  const { ask, answer } = listener.words;
  return {
    node_id: "n",
    way: "high",
    host: "127.0.0.1",
    port: listener.port,
    ask: ask.toHex(),
    answer: answer.toHex(),
    ...change,
  };
}

Deno.test("the right node answers, also with a large write, to many at a time", async () => {
  const listener = new ProbeListener("127.0.0.1", words(), 10_000);
  try {
    const targets = Array.from({ length: 100 }, () => target(listener));
    const results = await dialAll(targets, options);
    assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(["open"]));
    assert.equal(results.length, 100);
  } finally {
    listener.close();
  }
});

Deno.test("who says something else is not answered, and another's answer is a stranger's", async () => {
  const listener = new ProbeListener("127.0.0.1", words(), 10_000);
  try {
    const other = words();
    const results = await dialAll([
      target(listener, { ask: other.ask.toHex() }),
      target(listener, { answer: other.answer.toHex() }),
    ], options);
    assert.deepEqual(results.map(({ outcome }) => outcome), ["stranger", "stranger"]);
  } finally {
    listener.close();
  }
});

Deno.test("a port that nobody listens on is refused, and one that time was too short for is not tried", async () => {
  const listener = new ProbeListener("127.0.0.1", words(), 10_000);
  listener.close();
  const [closed] = await dialAll([target(listener), target(listener, { way: "beam" })], options);
  assert.equal(closed!.outcome, "refused");
  const [late] = await dialAll([target(listener)], { ...options, ms: -1 });
  assert.equal(late!.outcome, "untried");
});

Deno.test("a listener that takes a large write and says nothing has stalled", async () => {
  const { ask, answer } = words();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    const connection = await listener.accept();
    await connection.read(new Uint8Array(NONCE));
    await connection.write(answer);
    return connection;
  })();
  const [result] = await dialAll(
    [target({ port: listener.addr.port, words: { ask, answer } })],
    options,
  );
  assert.equal(result!.outcome, "stalled");
  (await serving).close();
  listener.close();
});

Deno.test("one that takes connections and says nothing is silent", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = listener.accept();
  const { ask, answer } = words();
  const [result] = await dialAll(
    [target({ port: listener.addr.port, words: { ask, answer } })],
    options,
  );
  assert.equal(result!.outcome, "silent");
  (await taken).close();
  listener.close();
});

Deno.test("what the system says is told apart", () => {
  const error = (code: string) => Object.assign(new Error("x"), { code });
  assert.deepEqual(outcomeOf(error("EHOSTUNREACH")), ["host_unreachable"]);
  assert.deepEqual(outcomeOf(error("ENETUNREACH")), ["net_unreachable"]);
  assert.deepEqual(outcomeOf(error("ETIMEDOUT")), ["timeout"]);
  assert.deepEqual(outcomeOf(error("EMFILE")), ["fault", "x"]);
});
