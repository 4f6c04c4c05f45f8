import assert from "assert";
import { AwayNotice } from "./away_notice.ts";

function notice() {
  const said: string[] = [];
  const time = { now: 0, fault: undefined as string | undefined };
  const notice = new AwayNotice({
    peer: () => "the head at 10.0.0.1:6379",
    fault: () => time.fault,
    tell: ({ text }) => said.push(text),
    now: () => time.now,
  });
  return { said, time, notice };
}

Deno.test("a head that is away for a moment is not worth a line", () => {
  const { said, time, notice: it } = notice();
  it.away({ since: 0, why: "Connection refused" });
  time.now = 4000;
  it.away({ since: 0, why: "Connection refused" });
  it.back();
  assert.deepEqual(said, []);
});

Deno.test("one that stays away is told of once, with the reason, and when it is back", () => {
  const { said, time, notice: it } = notice();
  time.now = 6000;
  for (const why of ["Connection refused", "no route"]) it.away({ since: 0, why });
  it.back();
  it.back();
  time.fault = "Its port is taken.";
  time.now = 20_000;
  it.away({ since: 10_000, why: "no answer" });
  assert.deepEqual(said, [
    "The head at 10.0.0.1:6379 has been away for 6 s (Connection refused). " +
    "Actors and their calls go on; what is new waits until it is back.",
    "The head at 10.0.0.1:6379 is back.",
    "The head at 10.0.0.1:6379 has been away for 10 s (Its port is taken). " +
    "Actors and their calls go on; what is new waits until it is back.",
  ]);
});
