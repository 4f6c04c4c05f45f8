import assert from "assert";
import { fakePage } from "./_fake_page.ts";
import type { DashboardHost } from "./dashboard_host.ts";
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
