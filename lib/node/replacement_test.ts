import assert from "assert";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import type { Client } from "./client.ts";
import type { DaemonConfig } from "./config.ts";
import { type Burden, burdenText, Replacement } from "./replacement.ts";

const NOTHING = { workers: 0, drivers: 0, values: 0 };

/** What a daemon does when it is asked to go, so often: what it refuses with first, and what it did. */
async function asked(
  more: { burdens?: Burden[]; lifeline?: boolean; protocol?: number; times?: number },
) {
  const { times = 1, burdens = [NOTHING], lifeline = false, protocol = PROTOCOL_VERSION } = more;
  const did: string[] = [];
  const refused = Promise.withResolvers<{ code: string; message: string; mend: string }>();
  const replacement = new Replacement({
    head: () => undefined,
    node_ip: () => "10.0.0.1",
    burden: () => burdens.length > 1 ? burdens.shift()! : burdens[0]!,
    config: () => ({ lifeline }) as DaemonConfig,
    self: ["/no/such/beam"],
    drain: (on) => Promise.resolve(void did.push(on ? "drain" : "undo")),
    giveUp: () => Promise.reject(new Error("gave up")),
    log: () => {},
  });
  const link = {
    refuse: (_: unknown, error: unknown) => refused.resolve(error as never),
    flushed() {},
  };
  for (let time = 0; time < times; time++) {
    replacement.daemon({ link } as unknown as Client, {
      message: { kind: "daemon.replace", command: ["/new/beam"], protocol, build: "2" },
      body: new Uint8Array(0),
    });
  }
  return { refused: await refused.promise, did };
}

Deno.test("what there is on a node is counted in words", () => {
  assert.equal(burdenText(NOTHING), "");
  assert.equal(burdenText({ workers: 1, drivers: 0, values: 0 }), "1 worker");
  assert.equal(
    burdenText({ workers: 2, drivers: 1, values: 3 }),
    "2 workers, 1 driver and 3 files of large values",
  );
});

Deno.test("a daemon with work, in front of somebody or of another protocol stays as it is", async () => {
  const busy = await asked({ burdens: [{ ...NOTHING, drivers: 1 }] });
  assert.deepEqual([busy.refused.code, busy.did], ["busy", []]);
  assert.match(busy.refused.mend, /`beam drain 10\.0\.0\.1`/);
  const held = await asked({ lifeline: true });
  assert.deepEqual([held.refused.code, held.did], ["held", []]);
  const strange = await asked({ protocol: PROTOCOL_VERSION + 1 });
  assert.deepEqual([strange.refused.code, strange.did], ["version", []]);
});

Deno.test("work that came before the head knew is not ended", async () => {
  const late = await asked({ burdens: [NOTHING, { ...NOTHING, workers: 1 }] });
  assert.deepEqual([late.refused.code, late.did], ["busy", ["drain", "undo"]]);
});

Deno.test("of two that would take its place at once the second is told so", async () => {
  const twice = await asked({ times: 2 });
  assert.deepEqual([twice.refused.code, twice.did], ["replacing", ["drain"]]);
});
