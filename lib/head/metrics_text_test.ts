import assert from "assert";
import { encode } from "msgpack";
import { actorCreate, FakeClock, FakeNode, Folder, startHead } from "./_fakes.ts";
import type { Head } from "./head.ts";
import { METRICS } from "./metric_table.ts";
import { familiesOf, metricsText } from "./metrics_text.ts";

/** A head with a node that has two GPUs, one of which an actor holds, and what a worker counts. */
async function scene(
  run: (parts: { head: Head; node: FakeNode; clock: FakeClock; job_id: string }) => Promise<void>,
): Promise<void> {
  using folder = new Folder();
  const clock = new FakeClock();
  await using head = await startHead(folder, { clock });
  await using node = await FakeNode.join(head.port, {
    gpus: 2,
    object_store_memory: 100,
    extra: { gpus: ["H100", "H100"], build: "b" },
  });
  const job_id = await node.startJob();
  const create = actorCreate(job_id, {
    class_name: 'Rank"0',
    place: { GPU: 10_000 },
    run: { GPU: 10_000 },
  });
  await node.ask(create, { job_id });
  await node.run(create.actor_id, 4242);
  await node.ask(actorCreate(job_id, { place: { GPU: 90_000 } }), { job_id });
  node.link.send({
    kind: "client.said",
    client: "c",
    message: { kind: "metrics.report" },
    process: { worker_id: "w", job_id },
  }, encode([["tokens", "counter", "", [], [[{ model: "m" }, 3]]]]));
  node.link.send({
    kind: "node.usage",
    object_store_used: 60,
    object_store_spilled: 5,
    objects: 2,
  });
  await node.settled();
  await run({ head, node, clock, job_id });
}

/** Answers the head's question after readings. */
async function readings(node: FakeNode): Promise<void> {
  while (!node.inbox.some(({ message }) => message.kind === "node.readings")) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const at = node.inbox.findIndex(({ message }) => message.kind === "node.readings");
  const [asked] = node.inbox.splice(at, 1);
  node.link.reply(asked!, "node.readings", {
    at: 1,
    took_ms: 0,
    cpu_count: 8,
    cpu_busy: 2.5,
    memory_total: 100,
    memory_used: 60,
    daemon: { cpu_seconds: 7, memory: 8, open_files: 9 },
    gpus: [{
      index: 0,
      name: "NVIDIA H100",
      uuid: "GPU-a",
      busy_percent: 97,
      memory_total: 80,
      memory_used: 70,
      temperature_c: 61,
      power_w: 689.5,
      processes: [{ pid: 4242 }],
    }],
  });
}

Deno.test("the cluster, its machines, GPUs and programs are told in one text", () =>
  scene(async ({ head, node, job_id }) => {
    const [{ text, type }] = await Promise.all([
      metricsText(head.state, "prometheus"),
      readings(node),
    ]);
    assert.match(type, /^text\/plain/);
    const id = node.node_id.slice(0, 12);
    const where = `node="10.0.0.1",node_id="${id}"`;
    const gpu = `gpu="0",model="NVIDIA H100",${where},uuid="GPU-a"`;
    const lines = text.split("\n");
    for (
      const line of [
        `beam_node_up{${where}} 1.0`,
        `beam_node_state{${where},state="alive"} 1.0`,
        `beam_resource_capacity{${where},resource="GPU"} 2.0`,
        `beam_resource_available{${where},resource="GPU"} 1.0`,
        `beam_resource_used{${where},resource="GPU"} 1.0`,
        `beam_node_cpus_busy{${where}} 2.5`,
        `beam_daemon_open_files{${where}} 9.0`,
        `beam_gpu_busy_ratio{${gpu}} 0.97`,
        `beam_gpu_memory_used_bytes{${gpu}} 70.0`,
        `beam_gpu_temperature_celsius{${gpu}} 61.0`,
        `beam_gpu_power_watts{${gpu}} 689.5`,
        `beam_gpu_allocated_ratio{${gpu}} 1.0`,
        `beam_gpu_allocated_ratio{gpu="1",model="H100",${where},uuid=""} 0.0`,
        'beam_actors{state="ALIVE"} 1.0',
        'beam_pending_requests{feasible="no",kind="actor"} 1.0',
        `beam_object_store_used_bytes{${where}} 60.0`,
        `beam_jobs{state="running"} 1.0`,
        "beam_head_ready 1.0",
        "beam_journal_writable 1.0",
      ]
    ) assert.ok(lines.includes(line), `${line}\nis not in\n${text}`);
    assert.match(
      text,
      new RegExp(
        `^beam_gpu_holder_info\\{actor="Rank\\\\"0",actor_id="[0-9a-f]{32}",gpu="0",job_id="${job_id}",${where},pg_id=""\\} 1.0$`,
        "m",
      ),
    );
    assert.match(text, /^beam_link_received_bytes_total\{.*\} [1-9]/m);
    assert.match(text, /^ray_tokens_total\{.*model="m"\} 3.0$/m);
    assert.match(text, /^beam_build_info\{build="source",version="/m);
  }));

Deno.test("deaths and restarts are counted, over and above those that are remembered", () =>
  scene(async ({ head, node, job_id }) => {
    const create = actorCreate(job_id, { max_restarts: 1 });
    await node.ask(create, { job_id });
    for (let life = 0; life < 2; life++) {
      const worker = await node.run(create.actor_id);
      const report = { kind: "signal", message: "It was ended by SIGKILL.", at: life };
      node.tell("died", worker, { report });
    }
    await node.settled();
    const value = (name: string, labels: Record<string, string>) =>
      familiesOf(head.state).find((family) => family.name === name)!.samples.find((sample) =>
        Object.entries(labels).every(([key, each]) => sample.labels[key] === each)
      )?.value;
    assert.equal(value("beam_deaths_total", { of: "actor", kind: "signal" }), 2);
    assert.equal(value("beam_actor_restarts_total", {}), 1);
    head.state.brain.books.deaths.clear();
    assert.equal(value("beam_deaths_total", { of: "actor", kind: "signal" }), 2);
  }));

Deno.test("no sample has a name or labels that the table does not have", () =>
  scene(({ head }) => {
    for (const { name, type, samples } of familiesOf(head.state)) {
      if (name.startsWith("ray_")) continue;
      const spec = METRICS[name as keyof typeof METRICS];
      for (const { labels, value } of samples) {
        assert.deepEqual(Object.keys(labels).sort(), [...spec.labels].sort(), name);
        assert.ok(Number.isFinite(value), name);
      }
      assert.equal(type === "counter", name.endsWith("_total"), name);
      const keys = samples.map(({ labels }) => JSON.stringify(Object.entries(labels).sort()));
      assert.equal(new Set(keys).size, keys.length, `${name} has labels twice`);
    }
    return Promise.resolve();
  }));
