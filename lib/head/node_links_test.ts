/** What is known of a node's processes when its link was cut, and they ended meanwhile. */
import assert from "assert";
import { encode } from "msgpack";
import { actorCreate, FakeNode, Folder, startHead } from "./_fakes.ts";
import type { WorkerView } from "./worker_registry.ts";

const job = { pid: 42, client: "driver", namespace: "", entrypoint: "train.py" };

Deno.test("a worker that ended while the link was cut is not listed as alive, also where its actor lives again", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const node = await FakeNode.join(head.port);
  const { node_id } = node;
  const job_id = await node.startJob();
  const create = actorCreate(job_id, { max_restarts: 1 });
  await node.ask(create, { job_id });
  const { fields: order } = await node.next("worker.start");
  const worker_id = "a".repeat(56);
  node.tell("ready", order, { pid: 7, address: { socket: "/s", worker_id } });
  await node.settled();
  await node[Symbol.asyncDispose]();
  const { actor_id, incarnation } = order;
  const death = { actor_id, incarnation, report: { kind: "exit", message: "It ended." } };
  const back = await FakeNode.join(head.port, {
    node_id,
    report: { actors: [], deaths: [death], jobs: [{ job_id, node_id, ...job }] },
  });
  // As a daemon does: a report has no exceptions.
  back.tell("died", death, { report: death.report });
  const workers = await back.query<WorkerView[]>({ kind: "query.workers" });
  const worker = workers.find((one) => one.worker_id === worker_id);
  assert.equal(worker?.is_alive, false);
  assert.equal(head.state.brain.actor(actor_id)?.incarnation, 2);
  await back[Symbol.asyncDispose]();
});

Deno.test("what a process counted is forgotten that ended while the link was cut", async () => {
  using folder = new Folder();
  await using head = await startHead(folder);
  const node = await FakeNode.join(head.port);
  const report = (link: FakeNode["link"], client: string) =>
    link.send({
      kind: "client.said",
      client,
      message: { kind: "metrics.report" },
      process: { worker_id: client },
    }, encode([["tokens", "counter", "", [], [[{}, 3]]]]));
  for (const client of ["stays", "goes"]) report(node.link, client);
  await node.settled();
  await node[Symbol.asyncDispose]();
  const { node_id } = node;
  const back = await FakeNode.join(head.port, {
    node_id,
    report: { actors: [], deaths: [], jobs: [] },
  });
  report(back.link, "stays");
  await back.settled();
  const [family] = head.state.metrics.families();
  assert.deepEqual(family?.samples.map(({ labels }) => labels["WorkerId"]), ["stays"]);
  await back[Symbol.asyncDispose]();
});
