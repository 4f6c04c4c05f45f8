/**
 * Drivers killed with SIGKILL, one after another: nothing left, memory of the daemons flat.
 *
 * They die at every step of their lives; neither memory nor open files of daemon, head and template grow.
 */
import { drive } from "../../tests/faults/harness/drive.ts";
import { nothingLeft } from "../../tests/faults/harness/left_behind.ts";
import { serversOf, type Use, useOf } from "../../tests/faults/harness/process_use.ts";
import { Place } from "../../tests/e2e/harness/place.ts";
import type { Node } from "../../tests/e2e/harness/node.ts";
import { countOf } from "./_flags.ts";

const MIB = 2 ** 20;
/** What a process may have grown by since the first tenth: its heap is not given back page by page. */
const GROWTH = 48 * MIB;
/** Files of logs and records that may be there, of whatever count of drivers. */
const FILES = 2500;

const count = countOf(10_000);
const step = Math.ceil(count / 10);

const place = new Place();
let figures = "";
try {
  const head = await place.head({ cpus: 4 });
  const killer = drive(head, "killed_drivers.py", [], { input: true });
  await report("start", head);
  let first: Map<string, Use> | undefined;
  for (let killed = 0; killed < count;) {
    const many = Math.min(step, count - killed);
    await killer.tell(`${many}\n`);
    await saidWhole(killer);
    killed += many;
    await nothingLeft([head]);
    const uses = await report(`${killed} killed`, head);
    first ??= uses;
    if (killed === count) figures = judge(first, uses);
  }
  await killer.endInput();
  await killer.ok();
} finally {
  await place.close();
}
console.log(`${count} drivers killed, nothing left; ${figures}`);

/** A thousand drivers take longer than a test's patience: looked for until it comes or the program ends. */
async function saidWhole(killer: ReturnType<typeof drive>): Promise<void> {
  while (true) {
    try {
      await killer.said("how many were killed");
      return;
    } catch (error) {
      if (killer.isOver || !/^Waited/.test((error as Error).message)) throw error;
    }
  }
}

async function report(when: string, head: Node): Promise<Map<string, Use>> {
  const servers = new Map(serversOf(head));
  const uses = new Map([...servers].map(([name, pid]): [string, Use] => [name, useOf(pid)]));
  const files = [place.dir].flatMap(filesUnder).length;
  const { actors, jobs, groups } = await head.status();
  const words = [...uses].map(([name, { memory, pss, files }]) =>
    `${name} ${mib(memory)} MiB own, ${mib(pss)} MiB PSS, ${files} open`
  );
  console.error(
    `${when}: ${words.join("; ")}; ${files} files, ` +
      `${jobs.length} jobs, ${actors.length} actors, ${groups.length} groups remembered`,
  );
  if (files > FILES) throw new Error(`${files} files lie there: a bound of ${FILES} is passed`);
  return uses;
}

/** Throws where something grew that must not; else says by how much. */
function judge(first: Map<string, Use>, last: Map<string, Use>): string {
  return [...last].map(([name, use]) => {
    const before = first.get(name);
    if (before === undefined) return `${name} new`;
    const grown = use.memory - before.memory;
    if (grown > GROWTH) throw new Error(`The ${name} has ${mib(grown)} MiB more than at first`);
    if (use.files > before.files) {
      throw new Error(`The ${name} has ${use.files} open files, at first ${before.files}`);
    }
    return `${name} ${grown < 0 ? "" : "+"}${
      mib(grown)
    } MiB since the first tenth, ${use.files} open files`;
  }).join("; ");
}

function filesUnder(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesUnder(`${dir}/${name}`) : [`${dir}/${name}`]
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
