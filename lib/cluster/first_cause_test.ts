import assert from "assert";
import type { DeathReport } from "./death.ts";
import { blaming, crewOf, firstOf, followsBelated, type Heard, isUnasked } from "./first_cause.ts";

const CREW = crewOf({ pg_id: "p1", job_id: "01000000" });

function death(who: string, heard_at: number, rest: Partial<DeathReport> = {}): Heard {
  const report: DeathReport = { kind: "signal", message: `${who} died.`, who, crew: CREW, ...rest };
  return { report, heard_at };
}

const killed = (who: string, at: number) => death(who, at, { signal: "SIGKILL", mend: "Look." });
const aborted = (who: string, at: number) => death(who, at, { signal: "SIGABRT", mend: "Native." });
const torn = (who: string, at: number) => death(who, at, { kind: "exit", peer_lost: true });

Deno.test("of a crew, those that abort after one was killed follow from it", () => {
  const first = killed("rank 0", 1000);
  const known = [first, torn("rank 1", 1300)];
  assert.equal(firstOf(known, torn("rank 2", 1400)), first);
  assert.equal(firstOf(known, aborted("rank 3", 1900)), first);
  assert.equal(firstOf(known, death("rank 4", 1900, { kind: "exit", exit_code: 1 })), first);
});

Deno.test("who has a cause of its own follows from nobody", () => {
  const known = [killed("rank 0", 1000)];
  assert.equal(firstOf(known, killed("rank 1", 1001)), undefined);
  const missing = death("rank 1", 1500, { kind: "exit", exit_code: 1, mend: "Install it." });
  assert.equal(firstOf(known, missing), undefined);
  assert.equal(firstOf(known, death("rank 1", 1500, { kind: "killed" })), undefined);
});

Deno.test("other crews, other times and the same actor's former lives do not count", () => {
  const stranger = killed("other", 1000);
  stranger.report.crew = crewOf({ pg_id: "p2", job_id: "01000000" });
  assert.equal(firstOf([stranger], torn("rank 1", 1100)), undefined);
  assert.equal(firstOf([killed("rank 1", 1000)], torn("rank 1", 1100)), undefined);
  assert.equal(firstOf([killed("rank 0", 1000)], aborted("rank 1", 40_000)), undefined);
  // NCCL waits for minutes before it says that somebody is missing.
  assert.ok(firstOf([killed("rank 0", 1000)], torn("rank 1", 600_000)));
});

Deno.test("without a placement group only its own words make one a follower", () => {
  const job = crewOf({ job_id: "01000000" });
  const first = killed("a", 1000);
  first.report.crew = job;
  const alike = aborted("b", 1100);
  alike.report.crew = job;
  assert.equal(firstOf([first], alike), undefined);
  alike.report.peer_lost = true;
  assert.equal(firstOf([first], alike), first);
});

Deno.test("of several events the latest counts, and in it the earliest death", () => {
  const old = killed("rank 9", 1000);
  const known = [old, killed("rank 0", 100_000), killed("rank 1", 100_010)];
  assert.equal(firstOf(known, torn("rank 2", 100_500)), known[1]);
});

Deno.test("a report that overtook the first one's is corrected, one with a cause is not", () => {
  const first = killed("rank 0", 1000);
  assert.ok(followsBelated(torn("rank 1", 990), first));
  assert.ok(!followsBelated(aborted("rank 1", 990), first));
  assert.ok(!followsBelated(torn("rank 1", 990), torn("rank 0", 1000)));
  const late = killed("rank 0", 61_000);
  assert.ok(!followsBelated(torn("rank 1", 990), late));
  assert.ok(followsBelated(torn("rank 1", 990), late, 900));
});

Deno.test("a follower's report names the first, its sentence and what to do about that", () => {
  const { report } = aborted("rank 1", 1900);
  const blamed = blaming(report, killed("rank 0", 1000).report);
  assert.equal(blamed.message, "rank 1 died.");
  assert.equal(blamed.caused_by, "rank 0");
  assert.equal(blamed.cause_message, "rank 0 died.");
  assert.equal(blamed.mend, "Look.");
  assert.equal(firstOf([killed("rank 0", 1000)], { report: blamed, heard_at: 1900 }), undefined);
});

Deno.test("what somebody asked for is no death to remember by itself", () => {
  assert.ok(isUnasked({ kind: "signal", message: "" }));
  for (const kind of ["killed", "owner", "group"] as const) {
    assert.ok(!isUnasked({ kind, message: "" }));
  }
});
