/** Ten thousand objects of mixed sizes leave every process of the cluster as it was before them. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";
import { storeCount } from "./harness/store_files.ts";
import { until } from "./harness/until.ts";

const MIB = 2 ** 20;
const OBJECTS = 10_000;
/** What a process may have grown by: its heap is not given back page by page. */
const GROWTH = 32 * MIB;

let nodes: Node[];
const { test } = theme("object soak", async (place) => {
  const head = await place.head();
  nodes = [head, await place.join(head)];
});

interface Use {
  /** Bytes that it shares with nobody. */
  memory: number;
  files: number;
}

function useOf(pid: number): Use {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const memory = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  return { memory, files: [...Deno.readDirSync(`/proc/${pid}/fd`)].length };
}

test("memory, shared memory and open files are back after 10,000 objects", async () => {
  const [head] = nodes as [Node];
  const driver = head.driver("object_soak.py", [`${OBJECTS}`], { input: true });
  const empty = async () => {
    const counts = () => nodes.map(storeCount);
    await until("both stores are empty", () => counts().join() === "0,0", { found: counts });
  };
  const { pids } = await driver.said();
  const all: [string, number][] = [
    ...nodes.map((node, at): [string, number] => [`daemon ${at}`, node.record.pid]),
    ["head", head.headPid],
    ...(pids as number[]).map((pid, at): [string, number] => [at ? `actor ${at}` : "driver", pid]),
  ];
  await empty();
  const before = all.map(([, pid]) => useOf(pid));
  await driver.tell("\n");
  await driver.said();
  await empty();
  const files = () => all.map(([name, pid], at) => [name, useOf(pid).files - before[at]!.files]);
  await until(
    "no more files are open than before",
    () => files().every(([, more]) => more as number <= 0),
    {
      found: files,
    },
  );
  for (const [at, [name, pid]] of all.entries()) {
    const grown = useOf(pid).memory - before[at]!.memory;
    console.log(
      `    ${name}: ${(grown / MIB).toFixed(1)} MiB, of ${(before[at]!.memory / MIB).toFixed(0)}`,
    );
    assert.ok(grown < GROWTH, `${name} has ${grown} bytes more`);
  }
  await driver.tell("\n");
  await driver.ok();
});
