/**
 * Actors, tasks and placement groups, made and gone again, and many actors at the same time.
 *
 * `--count N` actors one after another, five times as many tasks, half as many groups; what daemon, head and
 * template take stays flat. Then 200 actors at once: what the daemon and a worker take for each.
 */
import type { Node } from "../../tests/e2e/harness/node.ts";
import { Place } from "../../tests/e2e/harness/place.ts";
import type { Program } from "../../tests/e2e/harness/program.ts";
import { until } from "../../tests/e2e/harness/until.ts";
import { serversOf, type Use, useOf } from "../../tests/faults/harness/process_use.ts";
import { countOf } from "./_flags.ts";

const MIB = 2 ** 20;
/** What a process may have grown by since the first tenth: its heap is not given back page by page. */
const GROWTH = 48 * MIB;
const CROWD = 200;

const count = countOf(2000);
const place = new Place();
const figures: string[] = [];
try {
  const head = await place.head({ cpus: 64 });
  const driver = head.driver("churn.py", [], { input: true });
  const files = await warmUp(head, driver);
  for (const [kind, all] of [["actors", count], ["tasks", 5 * count], ["groups", count / 2]]) {
    figures.push(await tenths(head, driver, kind as string, all as number, files));
  }
  await driver.endInput();
  await driver.ok();
  await head.down();
  figures.push(await crowd());
} finally {
  await place.close();
}
console.log(figures.join("; "));

/** The same work ten times over. @param files what the daemon had open before all of it */
async function tenths(
  head: Node,
  driver: Program,
  kind: string,
  all: number,
  files: number,
): Promise<string> {
  const began = performance.now();
  let first: Map<string, Use> | undefined;
  let last: Map<string, Use> | undefined;
  for (let tenth = 1; tenth <= 10; tenth++) {
    await driver.tell(`${kind} ${Math.ceil(all / 10)}\n`);
    await saidWhole(driver, "done");
    await quiet(head, files);
    const watched: [string, number][] = [["driver", driver.pid], ...serversOf(head)];
    last = new Map(watched.map(([name, pid]) => [name, useOf(pid)]));
    first ??= last;
    console.error(`${kind} ${tenth}/10: ${[...last].map(useText).join("; ")}`);
  }
  const seconds = (performance.now() - began) / 1000;
  const grown = [...last!].map(([name, { memory }]) => {
    const more = memory - (first!.get(name)?.memory ?? 0);
    if (more > GROWTH) throw new Error(`${kind}: the ${name} has ${mib(more)} MiB more`);
    return `${name} ${more < 0 ? "" : "+"}${mib(more)} MiB`;
  });
  return `${all} ${kind} (${(all / seconds).toFixed(0)} a second): ${grown.join(", ")}`;
}

/** Actors that live at the same time, on a node of their own. */
async function crowd(): Promise<string> {
  const head = await place.head({ cpus: CROWD });
  const driver = head.driver("churn.py", [], { input: true });
  await warmUp(head, driver);
  const before = useOf(head.record.pid);
  await driver.tell(`crowd ${CROWD}\n`);
  const { pids } = await saidWhole(driver, "pids") as { pids: number[] };
  const during = useOf(head.record.pid);
  const own = pids.map((pid) => useOf(pid).pss).sort((a, b) => a - b);
  await driver.tell("\n");
  await saidWhole(driver, "done");
  await quiet(head, before.files + 2);
  await driver.endInput();
  await driver.ok();
  const each = (during.memory - before.memory) / CROWD / 1024;
  return `${CROWD} actors at once: ${each.toFixed(0)} KiB of the daemon and ` +
    `${((during.files - before.files) / CROWD).toFixed(1)} open files of it each, a worker ` +
    `${mib(own[CROWD >> 1]!)} MiB PSS (median)`;
}

/** A first actor starts what stays. @returns what the daemon has open then, and room for one who asks it */
async function warmUp(head: Node, driver: Program): Promise<number> {
  await driver.said();
  await driver.tell("actors 2\n");
  await saidWhole(driver, "done");
  await quiet(head, Infinity);
  return useOf(head.record.pid).files + 2;
}

/** Until nothing of the driver's is left but itself, and the daemon has no more than `files` open. */
async function quiet(head: Node, files: number): Promise<void> {
  const open = () => useOf(head.record.pid).files;
  await until("no actor lives, no group is there, and no more files are open", async () => {
    const { actors, groups } = await head.status();
    return actors.every(({ state }) => state === "DEAD") &&
      groups.every(({ state }) => state === "REMOVED") && open() <= files;
  }, { patience: 120_000, found: open });
}

/** What it says next, however long that takes. */
async function saidWhole(driver: Program, field: string): Promise<Record<string, unknown>> {
  while (true) {
    try {
      const fields = await driver.said(field) as Record<string, unknown>;
      if (field in fields) return fields;
    } catch (error) {
      if (driver.isOver || !/^Waited/.test((error as Error).message)) throw error;
    }
  }
}

function useText([name, { memory, pss, files }]: [string, Use]): string {
  return `${name} ${mib(memory)} MiB own, ${mib(pss)} MiB PSS, ${files} open`;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
