import assert from "assert";
import type { ActorView, JobView } from "../cluster/views.ts";
import { PEER_LIMITS } from "../wire/frames.ts";
import { actorCreate, FakeNode, Folder, startHead } from "./_fakes.ts";
import type { WorkerView } from "./worker_registry.ts";

Deno.test("lists are told that are longer than a header may be", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  await using node = await FakeNode.join(head.port, { cpus: 1000 });
  const words = "x".repeat(48 * 1024);
  const [message, traceback] = [words.slice(0, 16 * 1024), words.slice(16 * 1024)]; // the most
  const count = Math.ceil(PEER_LIMITS.header / words.length);
  const runtime_env = { env_vars: { LONG: words } };
  const job_id = await node.startJob("driver", { runtime_env });
  for (let at = 0; at < count; at++) {
    const create = actorCreate(job_id);
    await node.ask(create, { job_id });
    const { fields } = await node.next("worker.start");
    const worker_id = create.actor_id.padEnd(56, "0");
    node.tell("ready", fields, { pid: at + 1, address: { socket: "/s", worker_id } });
    node.tell("died", fields, { report: { kind: "exit", message, traceback } });
  }
  const actors = await node.query<ActorView[]>({ kind: "query.actors" });
  const told = actors.map(({ death }) => `${death?.message}${death?.traceback}`);
  assert.deepEqual(told, Array(count).fill(words));
  const workers = await node.query<WorkerView[]>({ kind: "query.workers" });
  assert.deepEqual(workers.map((one) => one.runtime_env), Array(count + 1).fill(runtime_env));
  const [job] = await node.query<JobView[]>({ kind: "query.jobs" });
  assert.equal(job?.job_id, job_id);
});
