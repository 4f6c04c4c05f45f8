import assert from "assert";
import sinon from "sinon";
import { systemClock } from "../runtime/clock.ts";
import { BEAT, Heartbeat, SILENCE } from "./heartbeat.ts";

Deno.test("a sign goes out every second; a silent peer is told of, a stalled self is not", () => {
  const clock = sinon.useFakeTimers();
  try {
    let sent = 0;
    const { now } = systemClock();
    const link = { lastHeard: now(), send: () => void sent++ };
    const silent: number[] = [];
    const heartbeat = new Heartbeat({ onSilent: (ms) => silent.push(ms) });
    heartbeat.start(link);
    clock.tick(SILENCE);
    assert.equal(sent, SILENCE / BEAT);
    assert.deepEqual(silent, []);
    link.lastHeard = now();
    clock.tick(SILENCE);
    assert.deepEqual(silent, []);
    clock.tick(BEAT);
    assert.deepEqual(silent, [SILENCE + BEAT]);
    heartbeat.stop();
    clock.tick(10 * BEAT);
    assert.equal(sent, 11);
  } finally {
    clock.restore();
  }
});

Deno.test("a process that slept counts from when it woke", () => {
  const clock = sinon.useFakeTimers();
  try {
    let now = 0;
    const silent: number[] = [];
    const heartbeat = new Heartbeat({
      onSilent: (ms) => silent.push(ms),
      clock: { ...systemClock(), now: () => now },
    });
    heartbeat.start({ lastHeard: 0, send: () => {} });
    now = 60_000; // asleep for a minute: the first beat comes late
    clock.tick(BEAT);
    assert.deepEqual(silent, []);
    for (let beat = 0; beat < 5; beat++) now += BEAT, clock.tick(BEAT);
    assert.deepEqual(silent, []);
    now += BEAT, clock.tick(BEAT);
    assert.deepEqual(silent, [6000]);
    heartbeat.stop();
  } finally {
    clock.restore();
  }
});
