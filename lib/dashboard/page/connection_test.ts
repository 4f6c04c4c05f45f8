import assert from "assert";
import { Connection, type LinkState } from "./connection.ts";

/** A browser whose time and streams the test moves. */
function setUp() {
  const timers = new Map<() => void, number>();
  const opened: FakeSource[] = [];
  const states: LinkState[] = [];
  const seen = { ends: 0, messages: 0, open: true as boolean | Error };
  class FakeSource extends EventTarget {
    onerror = () => {};
    closed = false;
    constructor(readonly url: string) {
      super();
      opened.push(this);
    }
    close() {
      this.closed = true;
    }
    say(name: string, data: string, lastEventId = "") {
      this.dispatchEvent(new MessageEvent(name, { data, lastEventId }));
    }
  }
  const connection = new Connection({
    open: (url) => new FakeSource(url) as unknown as EventSource,
    isOpen: () =>
      seen.open instanceof Error ? Promise.reject(seen.open) : Promise.resolve(seen.open),
    after(ms, run) {
      timers.set(run, ms);
      return () => timers.delete(run);
    },
  }, {
    onMessage: () => seen.messages++,
    onBeat() {},
    onState: (state) => states.push(state),
    onEnd: () => seen.ends++,
  });
  /** Lets the time of all timers that are this short pass. */
  const pass = async (most: number) => {
    for (const [run, ms] of [...timers]) {
      if (ms > most) continue;
      timers.delete(run);
      run();
    }
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { connection, opened, states, seen, pass };
}

Deno.test("a lost link is found out about, tried again, and goes on where it was", async () => {
  const { connection, opened, states, seen, pass } = setUp();
  connection.start();
  opened[0]!.say("rows", "{}", "life.7");
  assert.deepEqual([states, seen.messages], [["connecting", "live"], 1]);
  seen.open = new TypeError("refused");
  opened[0]!.onerror();
  assert.deepEqual([opened[0]!.closed, states.at(-1)], [true, "lost"]);
  await pass(2000);
  assert.equal(opened.length, 1, "the head does not answer yet");
  seen.open = true;
  await pass(2000);
  assert.equal(opened[1]!.url, "/api/events?since=life.7");
  assert.equal(states.at(-1), "lost", "until something has come");
  opened[0]!.say("rows", "{}");
  assert.equal(seen.messages, 1, "what was let go of is not heard");
  opened[1]!.say("beat", "5");
  assert.equal(states.at(-1), "live");
});

Deno.test("silence counts as loss", async () => {
  const { connection, opened, states, pass } = setUp();
  connection.start();
  opened[0]!.say("rows", "{}");
  await pass(25_000);
  assert.equal(states.includes("lost"), true);
});

Deno.test("a session that has ended asks for the token, and starts from nothing later", async () => {
  for (const how of ["told", "found"]) {
    const { connection, opened, seen, pass } = setUp();
    connection.start();
    opened[0]!.say("rows", "{}", "life.7");
    if (how === "told") opened[0]!.say("end", '"session"');
    else {
      seen.open = false;
      opened[0]!.onerror();
      await pass(2000);
    }
    assert.deepEqual([seen.ends, connection.state], [1, "closed"], how);
    connection.start();
    assert.equal(opened[1]!.url, "/api/events", how);
  }
});

Deno.test("a hidden page lets go after a while, and comes back when it is seen", async () => {
  const { connection, opened, states, pass } = setUp();
  connection.start();
  opened[0]!.say("rows", "{}", "life.7");
  connection.hidden(true);
  connection.hidden(false);
  await pass(0);
  assert.equal(opened.length, 1);
  connection.hidden(true);
  await pass(60_000);
  assert.deepEqual([states.at(-1), opened[0]!.closed], ["asleep", true]);
  connection.hidden(false);
  assert.equal(opened[1]!.url, "/api/events?since=life.7");
});
