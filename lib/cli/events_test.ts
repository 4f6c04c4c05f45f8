import assert from "assert";
import type { ClusterEvent } from "../head/event_log.ts";
import { whenOf } from "./events.ts";
import { eventLine, isWanted } from "./events_text.ts";

const EVENT: ClusterEvent = {
  seq: 7,
  at: 1_795_200_000_000,
  kind: "actor.died",
  severity: "error",
  text: "actor boss died:\nit fell",
  actor_id: "aabbccdd",
  node_id: "1234",
  job_id: "01000000",
};

Deno.test("a filter lets through what all that is named fits", () => {
  for (
    const filter of [
      {},
      { kind: "actor" },
      { kind: "actor.died", job: "01000000" },
      { actor: "aabb", node: "12", since: EVENT.at },
    ]
  ) assert.ok(isWanted(EVENT, filter), JSON.stringify(filter));
  for (
    const filter of [
      { kind: "act" },
      { kind: "node" },
      { kind: "actor", job: "02000000" },
      { node: "9" },
      { since: EVENT.at + 1 },
    ]
  ) assert.ok(!isWanted(EVENT, filter), JSON.stringify(filter));
  const { actor_id: _, ...other } = EVENT;
  assert.ok(!isWanted(other, { actor: "a" }));
});

Deno.test("an event is one line, in colour where it matters", () => {
  assert.match(
    eventLine(EVENT, false),
    /^[\d: -]{19} {2}actor\.died {10}actor boss died: it fell$/,
  );
  assert.ok(eventLine(EVENT, true).endsWith("\x1b[31mactor boss died: it fell\x1b[0m"));
  assert.ok(!eventLine({ ...EVENT, severity: "info" }, true).includes("\x1b[31m"));
});

Deno.test("--since is a span before now or a moment", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  assert.equal(whenOf("10m", now), now - 600_000);
  assert.equal(whenOf("1.5h", now), now - 5_400_000);
  assert.equal(whenOf("2026-11-21T11:00:00Z", now), now - 3_600_000);
  assert.throws(() => whenOf("soon", now), /span of time or a moment/);
});
