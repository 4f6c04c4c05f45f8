import assert from "assert";
import type { DeathRecord } from "../cluster/deaths.ts";
import { causeText } from "../cluster/death.ts";
import { deathsTable, deathText } from "./deaths.ts";

const RECORD: DeathRecord = {
  death_id: "aa/1",
  seq: 1,
  heard_at: 1_700_000_000_000,
  of: "actor",
  actor_id: "aa".repeat(16),
  incarnation: 1,
  class_name: "Worker",
  name: "rank0",
  job_id: "01000000",
  restarted: false,
  report: {
    kind: "signal",
    message: "It was ended by SIGKILL.",
    mend: "Look at dmesg.",
    signal: "SIGKILL",
    node_ip: "10.0.0.2",
    pid: 7,
    stderr_tail: ["kernel: Out of memory"],
  },
};

const FOLLOWER: DeathRecord = {
  ...RECORD,
  death_id: "bb/2",
  actor_id: "bb".repeat(16),
  incarnation: 2,
  name: "rank1",
  restarted: true,
  first: "aa/1",
  report: {
    kind: "exit",
    message: "It exited with code 1.",
    exit_code: 1,
    caused_by: "actor rank0 (aaaaaaaa…)",
    cause_message: "It was ended by SIGKILL.",
  },
};

Deno.test("those that followed stand marked behind the first", () => {
  const lines = deathsTable([RECORD, FOLLOWER]).split("\n");
  assert.match(lines[0]!, /DIED +WHO +NODE +PID +ENDED BY +CAUSE/);
  assert.match(
    lines[1]!,
    / rank0 \(aaaaaaaaaaaa\) +10\.0\.0\.2 +7 +SIGKILL +It was ended by SIGKILL\./,
  );
  assert.match(lines[2]!, / └ rank1 \(bbbbbbbbbbbb\) +code 1 +It exited with code 1\./);
  // Without its first, it stands for itself.
  assert.ok(!deathsTable([FOLLOWER]).includes("└"));
});

Deno.test("everything known of a death, that of the first included", () => {
  const first = deathText(RECORD);
  for (
    const part of [/rank0/, /SIGKILL/, /Look at dmesg/, /last words:\n {2}kernel: Out of memory/]
  ) {
    assert.match(first, part);
  }
  const later = deathText(FOLLOWER);
  assert.match(later, /life 2; it was started again/);
  assert.match(later, /the first to end was actor rank0 \(aaaaaaaa…\): It was ended by SIGKILL\./);
});

Deno.test("in one sentence, the cause of one that followed is the first one's", () => {
  assert.equal(causeText(RECORD.report), "It was ended by SIGKILL.");
  assert.equal(
    causeText(FOLLOWER.report),
    "followed actor rank0 (aaaaaaaa…): It was ended by SIGKILL.",
  );
});
