/**
 * The dashboard of a large cluster: pretended nodes over real links, what the page does with them, and what
 * it costs the head and the browser. The figures are printed; nothing depends on how fast the machine is.
 */
import assert from "assert";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { HeadUnderLoad } from "../../scripts/_load/head_under_load.ts";
import { pretendedActor } from "../../scripts/_load/pretended_actor.ts";
import { PretendedNode } from "../../scripts/_load/pretended_node.ts";
import { cpuTime } from "../../scripts/_load/process_use.ts";
import { violations } from "./accessibility.ts";
import { inPage, lacking, launch, Visit } from "./browser.ts";

const NODES = 256;
const ACTORS = 2000;
/** How long it is watched what the page costs, in milliseconds. */
const WATCHED_MS = 8000;

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: the dashboard of ${NODES} nodes: ${lacks}`);
else {
  Deno.test({
    name: `${NODES} nodes and ${ACTORS} actors are shown, filtered, turned through and followed`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: run,
  });
}

async function run(): Promise<void> {
  await using head = await HeadUnderLoad.start({ dashboard: true });
  await using nodes = new AsyncDisposableStack();
  const all = Array.from({ length: NODES }, (_, at) => {
    const { address, keys } = head;
    return nodes.use(new PretendedNode({ head: address, keys, index: at + 1, cpus: 64, gpus: 8 }));
  });
  await Promise.all(all.map((node) => node.start()));
  const driver = all[0]!;
  const job_id = await driver.startJob();
  await Promise.all(Array.from({ length: ACTORS }, async (_, at) => {
    const message = pretendedActor(job_id, at);
    await driver.ask(message, { job_id, body: randomBytes(100) });
    await driver.ask({ kind: "actor.locate", actor_id: message.actor_id }, { job_id });
  }));

  const browser = await launch();
  await using _ = { [Symbol.asyncDispose]: () => browser.close() };
  const url = `http://${head.dashboard}/`;
  await using visit = await Visit.open(browser, url);
  const { page } = visit;
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let received = 0;
  session.on("Network.dataReceived", ({ dataLength }) => received += dataLength);
  await visit.logIn(Deno.readTextFileSync(join(head.dir, "dashboard_token")).trim());
  await page.locator(".box").nth(NODES - 1).waitFor();
  const first = received;
  await page.locator(".gpu.held .level").first().waitFor();
  await visit.picture("many-overview");
  assert.deepEqual(await violations(page), []);

  await visit.go("Actors");
  const count = page.locator(".count");
  await count.filter({ hasText: "1–100 of 2,000 actors" }).waitFor();
  assert.equal(await page.locator("tbody tr").count(), 100);
  await visit.picture("many-actors");
  await page.getByRole("button", { name: "Next" }).click();
  await count.filter({ hasText: "101–200 of 2,000 actors" }).waitFor();
  await page.getByRole("searchbox").fill("node:machine-77");
  await count.filter({ hasText: /^\d{1,2} of 2,000 actors/ }).waitFor();
  assert.deepEqual(await violations(page), []);

  await visit.go("Nodes");
  await count.filter({ hasText: "1–100 of 256 nodes" }).waitFor();
  await visit.picture("many-nodes");
  all.at(-1)!.drop();
  await page.getByRole("searchbox").fill("-state:alive");
  await count.filter({ hasText: "1 of 256 nodes" }).waitFor();

  const [before, browserBefore] = [cpuTime(head.pid), await pageTime()];
  received = 0;
  await page.getByRole("searchbox").fill("");
  // What it costs to be watched has no event of its own.
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  const seconds = WATCHED_MS / 1000;
  const percent = (used: number) => `${(used / seconds * 100).toFixed(1)} % of a processor`;
  console.log(
    `    the first picture: ${mib(first)}; then ${mib(received / seconds)} a second; ` +
      `the head: ${percent(cpuTime(head.pid) - before)}, its links' upkeep included; ` +
      `the page: ${percent(await pageTime() - browserBefore)}, painted by the processor; ` +
      `the page's heap: ${mib(await inPage<number>(page, "performance.memory.usedJSHeapSize"))}`,
  );
  assert.ok(first < 16 * 2 ** 20, `the first picture has ${first} bytes`);

  /** All that its main thread has done, in seconds. */
  async function pageTime(): Promise<number> {
    await session.send("Performance.enable");
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")!.value;
  }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
