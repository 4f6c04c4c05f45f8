import assert from "assert";
import { Folder } from "./_fakes.ts";
import type { DashboardConfig } from "./config.ts";
import { Head } from "./head.ts";
import { PortError } from "./server.ts";

const HOST = "127.0.0.1";

function start(folder: Folder, dashboard: DashboardConfig, token?: string): Promise<Head> {
  const config = { listen: { host: HOST, port: 0 }, runtime_dir: folder.path, dashboard };
  return Head.start(token === undefined ? config : { ...config, token });
}

async function status(address: string, path: string, token?: string): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://${address}${path}`, { headers });
  await response.body?.cancel();
  return response.status;
}

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "the cluster's token opens it, and the one that is kept for its user",
  options,
  async () => {
    using folder = new Folder();
    await using head = await start(folder, { host: HOST, port: 0 }, "of-the-cluster");
    const address = head.ready.dashboard!;
    const path = `${folder.path}/dashboard_token`;
    const kept = Deno.readTextFileSync(path).trim();
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.equal(await status(address, "/metrics"), 401);
    assert.equal(await status(address, "/metrics", "wrong"), 403);
    assert.equal(await status(address, "/metrics", "of-the-cluster"), 200);
    assert.equal(await status(address, "/metrics", kept), 200);
    assert.equal(await status(address, "/healthz"), 200);
    assert.equal(head.state.dashboard, address);
  },
);

Deno.test("an open cluster's server is not open", options, async () => {
  using folder = new Folder();
  await using head = await start(folder, { host: HOST, port: 0 });
  const address = head.ready.dashboard!;
  assert.equal(await status(address, "/api/jobs/"), 401);
  assert.equal(await status(address, "/api/jobs/", ""), 403);
});

Deno.test("a taken port is told, exchanged, or the end, as was asked for", options, async () => {
  using taken = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = taken.addr;
  const words = new RegExp(`${HOST}:${port}: another program holds it`);
  using folder = new Folder();
  {
    await using head = await start(folder, { host: HOST, port });
    assert.match(head.ready.dashboard_fault!, words);
    assert.match(head.ready.dashboard_fault!, /The cluster works without it/);
  }
  {
    await using head = await start(folder, { host: HOST, port, any: true });
    assert.equal(await status(head.ready.dashboard!, "/healthz"), 200);
  }
  await assert.rejects(
    start(folder, { host: HOST, port, asked: true }),
    (error) => error instanceof PortError && words.test(error.message),
  );
});
