import assert from "assert";
import { fakePage } from "./_fake_page.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";
import { nodeLog } from "./live_logs.ts";

Deno.test("a log ends with the session that it was opened in", async () => {
  const page = fakePage({
    async *followLog() {
      yield "one\n";
      yield "two\n";
    },
  });
  let good = true;
  const request = new Request("http://localhost/api/nodes/n1/log?name=daemon.log");
  const answer = nodeLog({ page } as DashboardHost, "n1", request, () => good);
  const reader = answer.body!.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  assert.match(await read(), /^event: text\ndata: "one\\n"\n/);
  good = false;
  assert.match(await read(), /^event: fault\ndata: "You are logged out\."\n/);
  assert.equal((await reader.read()).done, true);
});

Deno.test("a log that cannot be read any more ends with a sentence, whenever that turns out", async () => {
  for (const text of [[], ["one\n"]]) {
    const page = fakePage({
      async *followLog() {
        yield* text;
        await Promise.resolve();
        throw new HttpFailure(503, "The connection to that node was lost.");
      },
    });
    const request = new Request("http://localhost/api/nodes/n/log?name=a");
    const answer = nodeLog({ page } as unknown as DashboardHost, "n", request, () => true);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const events: (string | undefined)[] = [];
    for (let at = 0; at <= text.length + 1; at++) events.push((await reader.read()).value);
    assert.deepEqual(events, [
      ...text.map((one) => `event: text\ndata: ${JSON.stringify(one)}\n\n`),
      'event: fault\ndata: "The connection to that node was lost."\n\n',
      undefined,
    ]);
  }
});
