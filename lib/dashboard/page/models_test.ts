/** The page's tables and sentences over made-up rows. */
import assert from "assert";
import type { BoardMessage } from "../board.ts";
import type {
  ActorRow,
  ClusterRow,
  EventRow,
  GpuRow,
  GroupRow,
  JobRow,
  NodeRow,
  Picture,
  ReadingsRow,
} from "../picture.ts";
import { ACTOR_COLUMNS, actorLines, actorSearch, actorState, lifeOf } from "./actors_model.ts";
import { alarmsOf, eventHref } from "./events_model.ts";
import { filterOf } from "./filter.ts";
import { bundleLines, bundlesText, groupState } from "./groups_model.ts";
import { jobState, mayStop } from "./jobs_model.ts";
import { GPU_COLUMNS, gpuLines, gpuMark, NODE_COLUMNS, nodeLines } from "./nodes_model.ts";
import { storeText } from "./stores_model.ts";
import { Tables } from "./tables.ts";
import { tilesOf } from "./tiles_model.ts";

const NOW = 1_000_000_000;
const MINUTE = 60_000;
const GIB = 2 ** 30;

const gpu = (holders: GpuRow["holders"] = []): GpuRow => ({
  device: "0",
  free: 1 - holders.reduce((sum, { part }) => sum + part, 0),
  holders,
});
const engineGpu = gpu([{
  kind: "actor",
  id: "e1",
  text: "actor engine (e1…)",
  part: 1,
  inside: [],
}]);

const node = (id: string, changes: Partial<NodeRow> = {}): NodeRow => ({
  id,
  name: `machine-${id}`,
  ip: `10.0.0.${id}`,
  aliases: [],
  head: false,
  state: "alive",
  joined_at: NOW - 5 * MINUTE,
  total: {},
  available: {},
  gpus: [],
  labels: {},
  ...changes,
});

const actor = (id: string, changes: Partial<ActorRow> = {}): ActorRow => ({
  id,
  class_name: "Engine",
  name: "",
  namespace: "",
  state: "ALIVE",
  step: "running",
  job_id: "01000000",
  node_id: "1",
  pid: 42,
  life: 1,
  restarts: 0,
  max_restarts: 0,
  detached: false,
  resources: {},
  devices: [],
  created_at: NOW - 3 * MINUTE,
  since: NOW - 2 * MINUTE,
  ...changes,
});

const group = (id: string, changes: Partial<GroupRow> = {}): GroupRow => ({
  id,
  name: id,
  job_id: "01000000",
  strategy: "PACK",
  state: "CREATED",
  bundles: [{ CPU: 1 }],
  nodes: ["1"],
  requested_at: NOW - MINUTE,
  detached: false,
  ...changes,
});

const event = (seq: number, changes: Partial<EventRow>): EventRow => ({
  seq,
  at: NOW - MINUTE,
  kind: "actor.alive",
  severity: "info",
  text: `event ${seq}`,
  ...changes,
});

const readings = (gpus: ReadingsRow["gpus"] = {}): ReadingsRow => ({
  cpu_count: 8,
  cpu_busy: 2,
  memory_total: 64 * GIB,
  memory_used: 60 * GIB,
  gpus,
});

function tablesOf(rows: { [T in keyof Picture]?: Record<string, Picture[T]> }): Tables {
  const set = Object.fromEntries(
    Object.entries(rows).map(([name, table]) => [name, Object.entries(table)]),
  ) as BoardMessage["set"];
  const tables = new Tables();
  tables.take({ now: NOW, whole: true, set, gone: {} }, NOW);
  return tables;
}

const cellOf = <R>(columns: readonly { id: string; cell(row: R): unknown }[], id: string, row: R) =>
  columns.find((column) => column.id === id)!.cell(row) as { text: string; tone?: string };

Deno.test("a GPU says who holds it, how busy it is, and when somebody unknown uses it", () => {
  const busy = ["H100", 91, 70 * GIB, 80 * GIB, 61, 500, []] as const;
  const tables = tablesOf({
    nodes: { 1: node("1", { gpus: [engineGpu, gpu(), gpu()] }) },
    readings: { 1: readings({ 0: busy, 1: ["H100", 40, 0, 80 * GIB, 50, 90, [[7, GIB]]] }) },
  });
  const [line] = nodeLines(tables, NOW);
  const [held, foreign, unknown] = gpuLines(line!);
  assert.equal(
    gpuMark(held!).title,
    "GPU 0 H100 · actor engine (e1…) · 91 % busy · 70.0 / 80.0 GiB · 61 °C",
  );
  assert.deepEqual([gpuMark(held!).foreign, gpuMark(foreign!).foreign], [false, true]);
  assert.deepEqual(gpuMark(unknown!), {
    held: 0,
    busy: null,
    foreign: false,
    title: "GPU 2 · free",
  });
  const holder = (at: number) => cellOf(GPU_COLUMNS, "holder", gpuLines(line!)[at]!);
  assert.deepEqual(
    [holder(0).text, holder(1).text, holder(2).text],
    ["actor engine (e1…)", "nobody here, but it is in use", "free"],
  );
  assert.equal(cellOf(NODE_COLUMNS, "gpu", line!).text, "1 of 3");
  assert.deepEqual(cellOf(NODE_COLUMNS, "memory", line!).tone, "warn");
});

Deno.test("who is inside a bundle is told, with parts of a GPU", () => {
  const inside = [{ id: "a", text: "actor A", part: 0.5 }, { id: "b", text: "actor B", part: 0.5 }];
  const shared = gpu([{ kind: "group", id: "g", text: "placement group g", part: 1, inside }]);
  const lines = gpuLines({ node: node("1", { gpus: [shared] }), readings: undefined });
  assert.deepEqual(cellOf(GPU_COLUMNS, "holder", lines[0]!), {
    text: "0.5 actor A, 0.5 actor B",
    href: "#/actors/a",
    sub: "in placement group g",
  } as never);
});

Deno.test("an actor that was ended on purpose is no alarm, one that died is", () => {
  const dead = (asked: boolean) =>
    actor("a", { state: "DEAD", step: "ended", death: { kind: "exit", message: "m", asked } });
  assert.deepEqual([actorState(dead(true)).text, actorState(dead(false)).text], ["ended", "dead"]);
  assert.deepEqual(
    [actorState(dead(true)).tone, actorState(dead(false)).tone],
    ["muted", "bad"],
  );
  const waiting = actor("w", { state: "PENDING_CREATION", step: "waiting" });
  assert.equal(actorState(waiting).sub, "waits for a place");
});

Deno.test("actors are found by name, node, state and cause", () => {
  const tables = tablesOf({
    nodes: { 1: node("1") },
    actors: {
      a: actor("a", { name: "engine" }),
      b: actor("b", {
        state: "DEAD",
        death: { kind: "signal", message: "ended by SIGKILL", asked: false },
      }),
    },
  });
  const found = (query: string) =>
    actorLines(tables, NOW).filter((line) => filterOf(query)(actorSearch(line)))
      .map(({ actor }) => actor.id);
  assert.deepEqual(found("engine"), ["a", "b"], "b's class");
  assert.deepEqual(found("name:engine"), ["a"]);
  assert.deepEqual(found("state:dead"), ["b"]);
  assert.deepEqual(found("sigkill"), ["b"]);
  assert.deepEqual(found("node:machine-1"), ["a", "b"]);
  const [line] = actorLines(tables, NOW);
  assert.equal(cellOf(ACTOR_COLUMNS, "since", line!).text, "2 min");
});

Deno.test("a life is drawn from events, and from the actor itself where those are forgotten", () => {
  const at = (minutes: number) => NOW - minutes * MINUTE;
  const one = actor("a", { created_at: at(9), since: at(2), life: 2 });
  const events = [
    event(1, { kind: "actor.created", at: at(9) }),
    event(2, { kind: "actor.waiting", at: at(8.5) }),
    event(3, { kind: "actor.alive", at: at(8) }),
    event(4, { kind: "actor.restarting", at: at(3) }),
    event(5, { kind: "actor.waiting", at: at(2.5) }),
    event(6, { kind: "actor.alive", at: at(2) }),
  ];
  assert.deepEqual(lifeOf({ actor: one, events }), [
    { state: "pending", from: at(9), to: at(8), life: 1 },
    { state: "alive", from: at(8), to: at(3), life: 1 },
    { state: "restarting", from: at(3), to: at(2), life: 2 },
    { state: "alive", from: at(2), life: 2 },
  ]);
  const dead = { ...one, state: "DEAD" as const, ended_at: at(1) };
  assert.deepEqual(lifeOf({ actor: dead, events: [] }), [
    { state: "pending", from: at(9), to: at(1), life: 1 },
    { state: "dead", from: at(1), life: 1 },
  ]);
});

Deno.test("what needs attention is named, the worst first, and nothing else is", () => {
  assert.deepEqual(
    alarmsOf(tablesOf({ nodes: { 1: node("1") }, groups: { g: group("g") } }), NOW),
    [],
  );
  const alarms = alarmsOf(
    tablesOf({
      cluster: { "": { warnings: ["The head cannot write its journal."] } as ClusterRow },
      nodes: {
        1: node("1", { state: "suspect" }),
        2: node("2", { state: "dead", ended_at: NOW - MINUTE, why: "It was silent." }),
        3: node("3", { state: "dead", ended_at: NOW - 60 * MINUTE }),
        4: node("4", { state: "dead", ended_at: NOW - MINUTE }),
        5: { ...node("4"), id: "5" },
      },
      groups: { g: group("g", { state: "PENDING", why: "It needs 64 GPU.", feasible: false }) },
      waiting: {
        w: {
          id: "w",
          job_id: "01",
          name: "",
          since: NOW,
          why: "No CPU.",
          feasible: true,
          count: 3,
        },
      },
      events: {
        1: event(1, { kind: "actor.died", severity: "error", actor_id: "a" }),
        2: event(2, { kind: "actor.died", severity: "info", actor_id: "b" }),
      },
      findings: {
        0: { code: "BD001", check: "c", severity: "warning", seen: "", breaks: "", mend: "" },
        1: { code: "BD002", check: "c", severity: "info", seen: "", breaks: "", mend: "" },
      },
    }),
    NOW,
  );
  assert.deepEqual(alarms.map(({ tone, text }) => `${tone}: ${text}`), [
    "bad: The head cannot write its journal.",
    "bad: Node machine-2 was lost 1 min ago",
    "bad: Placement group g has waited for 1 min",
    "bad: An actor died 1 min ago",
    "warn: Node machine-1 is suspect: it has not been heard of",
    "warn: Node machine-4 was lost 1 min ago, and is back",
    "warn: 3 actors or tasks of job 01 wait",
    "warn: The doctor found 1 warning",
  ]);
});

Deno.test("an event leads to what it is about", () => {
  assert.deepEqual(
    [
      { actor_id: "a", node_id: "n" },
      { pg_id: "g" },
      { node_id: "n" },
      { job_id: "j" },
      {},
    ].map((about) => eventHref(event(1, about))),
    ["#/actors/a", "#/groups/g", "#/nodes/n", "#/actors?q=job:j", undefined],
  );
});

Deno.test("like bundles are told together, and each with its node and who is inside", () => {
  assert.equal(bundlesText([{ GPU: 1 }, { GPU: 1 }, { CPU: 2 }]), "2 × GPU 1, CPU 2");
  const one = group("g", { bundles: [{ GPU: 1 }, { GPU: 1 }], nodes: ["1", ""] });
  const tables = tablesOf({
    nodes: { 1: node("1") },
    actors: {
      a: actor("a", { name: "rank0", pg_id: "g", bundle: 0 }),
      b: actor("b", { pg_id: "g", bundle: 0, state: "DEAD" }),
    },
  });
  assert.deepEqual(
    bundleLines(one, tables).map(({ node, inside }) => [node, inside.map(({ text }) => text)]),
    [["machine-1", ["rank0"]], ["", []]],
  );
  assert.equal(groupState(group("g", { state: "PENDING", feasible: false })).tone, "bad");
});

Deno.test("only a submitted job that has not ended can be stopped; how a driver ended is not known", () => {
  const job = (submitted: boolean, status: JobRow["status"], exit_code: number | null = null) =>
    ({ submitted, status, exit_code }) as JobRow;
  assert.deepEqual(
    [job(true, "RUNNING"), job(true, "PENDING"), job(true, "FAILED"), job(false, "RUNNING")]
      .map(mayStop),
    [true, true, false, false],
  );
  assert.equal(jobState(job(false, "SUCCEEDED")).text, "ended");
  assert.deepEqual(jobState(job(true, "FAILED", 3)).sub, "exit code 3");
});

Deno.test("the figures count what groups reserve as held, and leave out what there is none of", () => {
  const tables = tablesOf({
    cluster: {
      "": {
        total: { CPU: 16, "node:10.0.0.1": 1, mlx: 2, object_store_memory: 8 * GIB },
        used: { CPU: 3, object_store_memory: GIB },
        reserved: { CPU: 4 },
        used_of_reserved: { CPU: 1 },
        warnings: [],
      } as unknown as ClusterRow,
    },
    nodes: { 1: node("1"), 2: node("2", { state: "away" }) },
    readings: { 1: readings() },
    actors: { a: actor("a"), b: actor("b", { state: "RESTARTING" }) },
  });
  assert.deepEqual(tilesOf(tables).map(({ name, value, of }) => `${name}: ${value} ${of}`.trim()), [
    "CPUs held: 6 of 16",
    "Memory: 60.0 GiB of 64.0 GiB",
    "Object store: 1.0 GiB of 8.0 GiB",
    "mlx: 0 of 2",
    "Nodes: 1 1 not heard of",
    "Actors alive: 1 1 pending",
    "Groups: 0",
    "Jobs running: 0",
  ]);
});

Deno.test("the stores are summed up in a sentence", () => {
  const store = { total: 8 * GIB, used: GIB, spilled: 0, objects: 3 };
  const line = { node: node("1"), store, readings: undefined };
  assert.match(storeText([line, line]), /^6 files.*: 2\.0 GiB of 16\.0 GiB in shared memory, 0 B/);
});
