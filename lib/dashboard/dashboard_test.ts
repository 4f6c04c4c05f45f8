import assert from "assert";
import { fakePage } from "./_fake_page.ts";
import { Dashboard } from "./dashboard.ts";
import type { DashboardHost } from "./dashboard_host.ts";

const options = { sanitizeOps: false, sanitizeResources: false };

/** A server on a free port, and the signals of those who watch its board. */
function serve() {
  const folder = Deno.makeTempDirSync();
  const watchers: AbortSignal[] = [];
  const host = {
    cluster: "abcd",
    page: fakePage({ watch: (signal) => watchers.push(signal) }),
    failed: (what: string, error: unknown) => assert.fail(`${what}: ${error}`),
  } as unknown as DashboardHost;
  const server = Dashboard.listen({
    host,
    listen: { host: "127.0.0.1", port: 0 },
    tokens: () => ["secret"],
    names: [],
    socket: `${folder}/http.sock`,
  });
  return {
    watchers,
    watch: () =>
      fetch(`http://${server.address}/api/events`, { headers: { authorization: "Bearer secret" } }),
    async close() {
      await server.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

Deno.test("a browser that leaves is noticed, though nothing is sent to it", options, async () => {
  const { watch, watchers, close } = serve();
  const answer = await watch();
  const reader = answer.body!.getReader();
  await reader.read();
  assert.equal(watchers[0]!.aborted, false);
  await reader.cancel();
  await aborted(watchers[0]!);
  await close();
});

Deno.test("a server that ends waits for nobody who watches", options, async () => {
  const { watch, watchers, close } = serve();
  const answer = await watch();
  await answer.body!.getReader().read();
  await close();
  await aborted(watchers[0]!);
});
