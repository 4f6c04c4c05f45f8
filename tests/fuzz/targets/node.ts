/**
 * What a node that was let in says: its join and its report, what became of workers, what ran and what
 * is counted. Whatever it says, it is taken or refused by words, and the other node has what it had.
 */
import assert from "assert";
import { encode } from "msgpack";
import type * as Brains from "../../../lib/cluster/brain.ts";
import type { BrainEvent } from "../../../lib/cluster/events.ts";
import type * as Views from "../../../lib/cluster/views.ts";
import type * as Words from "../../../lib/head/client_words.ts";
import type * as Specs from "../../../lib/head/node_spec.ts";
import { openMetricsText } from "../../../lib/head/openmetrics.ts";
import { prometheusText } from "../../../lib/head/prometheus.ts";
import type * as Metrics from "../../../lib/head/process_metrics.ts";
import type { HeadState } from "../../../lib/head/state.ts";
import type * as Tasks from "../../../lib/head/task_log.ts";
import type * as Registry from "../../../lib/head/worker_registry.ts";
import type * as Frames from "../../../lib/wire/frames.ts";
import type { Message } from "../../../lib/wire/messages.ts";
import type * as Validate from "../../../lib/wire/validate.ts";
import type { Target } from "../fuzzer.ts";
import { mutatedFrames } from "./framed.ts";
import { cut } from "./stream.ts";

/** The counted modules. */
export interface NodeModules {
  frames: typeof Frames;
  validate: typeof Validate;
  brain: typeof Brains;
  views: typeof Views;
  specs: typeof Specs;
  words: typeof Words;
  tasks: typeof Tasks;
  metrics: typeof Metrics;
  registry: typeof Registry;
}

const NOW = 1_700_000_000_000;
const UNIT = 10_000;
const HONEST = "1".repeat(56);
const LIAR = "2".repeat(56);
const ACTOR = "a".repeat(24) + "01000000";
const WORKER = "e".repeat(56);
const REFUSALS: readonly string[] = ["ProtocolError", "RequestFailed", "NotYours"];

const spec = (node_id: string, ip: string) => ({
  node_id,
  ip,
  aliases: [],
  hostname: ip,
  is_head: false,
  total: { CPU: 4 * UNIT, GPU: 2 * UNIT, [`node:${ip}`]: UNIT },
  gpu_ids: ["0", "1"],
  labels: {},
});

/** A brain with a node whose actor holds a GPU. */
function cluster({ Brain }: typeof Brains): Brains.Brain {
  const brain = new Brain();
  const events: BrainEvent[] = [
    { kind: "node.join", node: spec(HONEST, "10.0.0.1") },
    {
      kind: "job.start",
      job: {
        job_id: "01000000",
        node_id: HONEST,
        pid: 1,
        client: "c",
        namespace: "n",
        entrypoint: "e",
      },
    },
    {
      kind: "actor.create",
      actor: {
        actor_id: ACTOR,
        job_id: "01000000",
        owner: { job_id: "01000000" },
        kind: "actor",
        class_name: "A",
        name: "",
        namespace: "n",
        place: { GPU: UNIT, "node:10.0.0.1": 1 },
        run: { GPU: UNIT },
        strategy: { kind: "default" },
        max_restarts: 1,
        detached: false,
      },
    },
    {
      kind: "actor.ready",
      node_id: HONEST,
      actor_id: ACTOR,
      incarnation: 1,
      pid: 5,
      address: { socket: "/s" },
    },
    { kind: "actor.initialized", node_id: HONEST, actor_id: ACTOR, incarnation: 1 },
  ];
  for (const event of events) brain.step(event, NOW);
  return brain;
}

function seeds({ encodeFrame }: typeof Frames): Uint8Array[] {
  const node = spec(LIAR, "10.0.0.2");
  const worker = { actor_id: ACTOR, incarnation: 1 };
  const death = { kind: "exit", message: "It exited." };
  const job = {
    job_id: "02000000",
    node_id: LIAR,
    pid: 1,
    client: "c",
    namespace: "n",
    entrypoint: "e",
  };
  const grant = { amounts: { GPU: UNIT }, gpus: [[0, UNIT]] };
  const report = {
    actors: [{ ...worker, pid: 3, initialized: true, address: { worker_id: WORKER } }],
    jobs: [job],
    deaths: [{ ...worker, report: death }],
  };
  const rows = [["ab", 1, "ACTOR_TASK", "f", "f", 1.5, 2.5, null, null]];
  const series = [["m", "counter", "d", [], [[{ a: "b" }, 1]]], ["h", "histogram", "", [1], [[{}, [
    1,
    [1, 0],
  ]]]]];
  const said = (kind: string, body: Uint8Array) =>
    encodeFrame({
      kind: "client.said",
      client: "c",
      message: { kind, count: 1, dropped: 0 },
      process: { worker_id: WORKER, job_id: "01000000" },
    }, body);
  const frames = [
    encodeFrame({ kind: "node.join", node }),
    encodeFrame({ kind: "node.join", node, report }),
    encodeFrame({ kind: "node.join", node, report: { actors: [{ ...worker, grant }] } }),
    ...["ready", "initialized", "died", "blocked", "returned"].map((event) =>
      encodeFrame({
        kind: "actor.event",
        event,
        ...worker,
        pid: 1,
        address: { socket: "/x" },
        report: death,
      })
    ),
    said("task.events", new TextEncoder().encode(JSON.stringify(rows))),
    said("metrics.report", encode(series)),
  ];
  return [...frames.map((frame) => cut(0, frame)), cut(0, ...frames)];
}

/** See the top of this file. */
export function node(modules: NodeModules): Target {
  const { frames, validate, specs, words, views } = modules;
  return {
    name: "node",
    seeds: seeds(frames),
    most: 2048,
    mutation: mutatedFrames,
    steps: ({ length }) => 50_000 + 400 * length,
    room: ({ length }) => 2 ** 18 + 32 * length,
    run(input) {
      const brain = cluster(modules.brain);
      // Of an incarnation that a journal may have lost a node is believed, within bounds: see `outrun`.
      const facts = () => {
        const { outrun = 0, ...actor } = brain.actor(ACTOR)!;
        assert.ok(outrun <= 1001, `an incarnation ${outrun} is believed`);
        return JSON.stringify([actor, brain.job("01000000")]);
      };
      const before = facts();
      const workers = new modules.registry.WorkerRegistry({ node: () => undefined });
      workers.ready({
        worker_id: WORKER,
        node_id: LIAR,
        pid: 1,
        job_id: "01000000",
        actor_id: ACTOR,
        incarnation: 1,
        launched_at: NOW,
        ready_at: NOW,
        runtime_env: {},
      });
      const tasks = new modules.tasks.TaskLog();
      const metrics = new modules.metrics.ProcessMetrics({
        session: "s",
        version: "v",
        ip: () => "10.0.0.2",
        actor: () => undefined,
      });
      const state = { workers, tasks, metrics } as unknown as HeadState;
      const take = (message: Message, body: Uint8Array): void => {
        if (message.kind === "node.join") {
          const { node: told, report } = message as Message<"node.join">;
          const node = specs.nodeSpecOf(told, "10.0.0.2");
          // Whose id it is, and whether it is the head's own, is asked before.
          if (node.node_id === HONEST || node.is_head) return;
          const read = report ? specs.nodeReportOf(report, node.node_id) : undefined;
          brain.step({ kind: "node.join", node, ...read && { report: read } }, NOW);
        } else if (message.kind === "actor.event") {
          const { event, actor_id, incarnation, report } = message as Message<"actor.event">;
          const worker = { node_id: LIAR, actor_id, incarnation };
          if (event === "died") {
            brain.step({ kind: "actor.died", ...worker, report: specs.deathReportOf(report) }, NOW);
          } else if (event === "ready") {
            brain.step({ kind: "actor.ready", ...worker, pid: 1, address: {} }, NOW);
          } else if (event === "initialized") {
            brain.step({ kind: "actor.initialized", ...worker }, NOW);
          }
        } else if (message.kind === "client.said") {
          words.takeWord(state, LIAR, message as Message<"client.said">, body);
        }
      };
      try {
        for (const { header, body } of new frames.FrameDecoder().feed(input.subarray(1))) {
          try {
            take(validate.checkMessage(header), body);
          } catch (error) {
            if (!REFUSALS.includes((error as Error).name)) throw error;
          }
        }
      } catch (error) {
        if ((error as Error).name !== "ProtocolError") throw error;
      }
      brain.step({ kind: "tick" }, NOW + 1000);
      assert.equal(facts(), before, "it changed another's");
      assert.equal(brain.node(HONEST)?.state, "alive");
      for (const [node_id, ledger] of brain.books.node_ledgers) {
        for (const [name, units] of Object.entries(ledger.free)) {
          assert.ok(
            Number.isInteger(units) && (units >= 0 || name === "CPU"),
            `${node_id} has ${units} ${name}`,
          );
        }
      }
      views.nodesView(brain.books);
      tasks.view(brain.books, workers);
      const families = metrics.families();
      assert.ok(!prometheusText(families).includes("undefined"));
      assert.match(openMetricsText(families), /# EOF\n$/);
    },
  };
}
