import assert from "assert";
import type { Reply } from "../wire/messages.ts";
import { awayTrouble } from "./head_away.ts";

const info = (more: Partial<Reply<"daemon.info">>) =>
  ({ connected: false, is_head: false, head_address: "10.0.0.1:6379", ...more }) as Reply<
    "daemon.info"
  >;

Deno.test("a head that is away is told with since when and why, and what to do", () => {
  const away = { since: 1000, why: "Connection refused" };
  const there = awayTrouble(info({ away }), 13_400)!;
  assert.equal(
    there.message,
    "Cannot ask the head at 10.0.0.1:6379: it has been away for 12 s (Connection refused)",
  );
  assert.match(there.mend!, /go on, and new work waits for it\. The node on its machine/);
  const refused = info({ away: { ...away, mend: "Join this cluster." } });
  assert.match(awayTrouble(refused, 2000)!.mend!, /waits for it\. Join this cluster\.$/);
  const here = info({ is_head: true, away: { ...away, mend: "Free the port." } });
  assert.match(awayTrouble(here, 2000)!.mend!, /waits for it\. Free the port\.$/);
});

Deno.test("a head that is there is only slow", () => {
  assert.equal(awayTrouble(info({ connected: true }), 0), undefined);
  assert.equal(awayTrouble(info({}), 0), undefined);
});
