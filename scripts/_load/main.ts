/** `scripts/load`: pretended nodes on real links to a real head, and what the head needs for them. */
import { parseArgs } from "node:util";
import { randomBytes } from "node:crypto";
import type { Message } from "../../lib/wire/messages.ts";
import { HeadUnderLoad } from "./head_under_load.ts";
import { pretendedActor } from "./pretended_actor.ts";
import { PretendedNode, UNIT } from "./pretended_node.ts";
import { cpuTime, mebibytes, processUse } from "./process_use.ts";
import { Profiler } from "./profile.ts";
import { type Times, timesOf, timesText } from "./times.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "256" },
    actors: { type: "string", default: "2000" },
    rest: { type: "string", default: "20" },
    rounds: { type: "string", default: "20" },
    binary: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});
const [nodeCount, actorCount, rest, rounds] = [
  values.nodes,
  values.actors,
  values.rest,
  values.rounds,
]
  .map(Number) as [number, number, number, number];

const inspector = values.profile ? freePort() : undefined;
const STRATEGIES = ["STRICT_SPREAD", "SPREAD", "PACK"] as const;

await using head = await HeadUnderLoad.start({ binary: values.binary, inspector });
await using nodes = new AsyncDisposableStack();
using profiler = inspector === undefined ? undefined : await Profiler.connect(inspector);
say(`head at rest, alone: ${memoryText()}`);

const all: PretendedNode[] = [];
await timed(`${nodeCount} nodes joined`, async () => {
  for (let index = 0; index < nodeCount; index++) {
    const { address, keys } = head;
    all.push(
      nodes.use(new PretendedNode({ head: address, keys, index: index + 1, cpus: 64, gpus: 8 })),
    );
  }
  await Promise.all(all.map((node) => node.start()));
});
const driver = all[0]!;
const job_id = await driver.startJob();

const actors = Array.from({ length: actorCount }, (_, at) => actorCreate(at));
await timed(`${actorCount} actors created`, async () => {
  await Promise.all(actors.map(async (message) => {
    await driver.ask(message, { job_id, body: randomBytes(2000) });
    const { fields } = await driver.ask({ kind: "actor.locate", actor_id: message.actor_id }, {
      job_id,
    });
    if (fields.state !== "alive") throw new Error(`actor ${message.actor_id} is ${fields.state}`);
  }));
});
const running = all.reduce((sum, node) => sum + node.workers.size, 0);
if (running !== actorCount) throw new Error(`${running} workers run, not ${actorCount}`);
say(`head with them: ${memoryText()}`);

await atRest("at rest");
await status("status");
await scrape("metrics");
await atRest("while readings are asked for");
for (const strategy of STRATEGIES) {
  const bundles = Array.from({ length: nodeCount }, () => ({ CPU: UNIT, GPU: UNIT }));
  await groups(`${nodeCount} bundles ${strategy}`, { strategy, bundles });
}
const small = Array.from({ length: 16 }, () => ({ GPU: UNIT, CPU: UNIT }));
await groups("16 bundles PACK", { strategy: "PACK", bundles: small });
await groups("4 bundles STRICT_PACK", { strategy: "STRICT_PACK", bundles: small.slice(0, 4) });

// What waits has to be explained in every status, and every so often to its driver.
const waiting = Array.from(
  { length: 500 },
  (_, at) => actorCreate(at, { name: "", place: { GPU: (at % 5 + 8) * UNIT } }),
);
for (const message of waiting) await driver.ask(message, { job_id, body: randomBytes(2000) });
const never = {
  strategy: "STRICT_SPREAD",
  bundles: Array.from({ length: nodeCount + 1 }, () => ({ GPU: UNIT })),
};
const pg_id = await createGroup(never);
await status("status, 500 actors and a group waiting");
await atRest("at rest, those waiting");
await driver.ask({ kind: "group.remove", pg_id }, { job_id });

await timed("a node lost, with its actors", async () => {
  const lost = all.pop()!;
  const dead = [...lost.workers.keys()];
  lost.drop();
  for (const actor_id of dead) {
    for (let state = "alive"; state !== "dead";) {
      ({ fields: { state } } = await driver.ask(
        { kind: "actor.report", actor_id, incarnation: 1 },
        { job_id },
      ));
    }
  }
});
await timed("its job ended, with all actors", async () => {
  await driver.ask({ kind: "driver.end" }, { job_id });
});
await status("status, all dead");
say(`head at the end: ${memoryText()}`);

function actorCreate(at: number, more?: Partial<Message<"actor.create">>) {
  return pretendedActor(job_id, at, more);
}

async function createGroup(
  group: { strategy: string; bundles: Record<string, number>[] },
): Promise<string> {
  const pg_id = randomBytes(14).toString("hex") + job_id;
  await driver.ask({ kind: "group.create", pg_id, detached: false, ...group }, { job_id });
  return pg_id;
}

async function groups(
  name: string,
  group: { strategy: string; bundles: Record<string, number>[] },
) {
  await measured(name, async () => {
    const begun = performance.now();
    const pg_id = await createGroup(group);
    await driver.ask({ kind: "group.wait", pg_id }, { job_id });
    const took = performance.now() - begun;
    await driver.ask({ kind: "group.remove", pg_id }, { job_id });
    return took;
  });
}

/** The head's answer alone, then the command line with it. */
async function status(name: string): Promise<void> {
  const link = await head.link();
  await measured(`${name}, the head's answer`, async () => {
    await link.request({ kind: "query.status" });
  });
  link.close();
  const command = values.binary ?? new URL("../beam", import.meta.url).pathname;
  let lines = 0;
  const times = await timesOf(Math.max(3, rounds >> 2), head.pid, async () => {
    const { success, stdout } = await new Deno.Command(command, {
      args: ["status", "--address", `${head.address.host}:${head.port}`],
      env: { BEAM_TOKEN: head.token, BEAM_RUNTIME_DIR: head.dir },
      stderr: "inherit",
    }).output();
    if (!success) throw new Error("beam status failed");
    lines = new TextDecoder().decode(stdout).trimEnd().split("\n").length;
  });
  say(`${name}, the command (${lines} lines): ${timesText(times)}`);
}

/** What Prometheus gets, the nodes' readings with it. */
async function scrape(name: string): Promise<void> {
  const link = await head.link();
  let bytes = 0;
  await measured(`${name}, the head's answer`, async () => {
    const { body } = await link.request({ kind: "query.metrics" });
    bytes = body.length;
  });
  link.close();
  say(`${name}: ${(bytes / 1024).toFixed(0)} KiB`);
}

async function measured(name: string, once: () => Promise<number | void>): Promise<void> {
  await profiler?.start();
  const times: Times = await timesOf(rounds, head.pid, once);
  say(`${name}: ${timesText(times)}`);
  if (profiler) console.log(await profiler.stop());
}

async function timed(name: string, run: () => Promise<void>): Promise<void> {
  await profiler?.start();
  const [begun, before] = [performance.now(), cpuTime(head.pid)];
  await run();
  const took = (performance.now() - begun) / 1000;
  const used = cpuTime(head.pid) - before;
  say(`${name}: ${took.toFixed(2)} s, ${used.toFixed(2)} s of the head's processor`);
  if (profiler) console.log(await profiler.stop());
}

async function atRest(name: string): Promise<void> {
  await profiler?.start();
  const [begun, before] = [performance.now(), cpuTime(head.pid)];
  await new Promise((resolve) => setTimeout(resolve, rest * 1000));
  const part = (cpuTime(head.pid) - before) * 1000 / (performance.now() - begun);
  say(`${name}, ${rest} s: ${(part * 100).toFixed(2)} % of a processor`);
  if (profiler) console.log(await profiler.stop());
}

function memoryText(): string {
  const { rss, own, files } = processUse(head.pid);
  return `${mebibytes(rss)} resident, ${mebibytes(own)} of it its own, ${files} open files`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function say(text: string): void {
  console.log(text);
}
