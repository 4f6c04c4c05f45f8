/**
 * A loaded machine in which nobody may be taken for dead: four times more runnable processes than cores.
 *
 * Two nodes, an actor on each that is called all the time, processes that spin, and one that writes and reads
 * files without end, so that pages of programs go and come back. No node may be declared dead, no link given up, no
 * actor lost or started again; how often a node was suspect for a moment is a figure.
 */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "../../tests/e2e/harness/node.ts";
import { Place } from "../../tests/e2e/harness/place.ts";
import { minutesOf } from "./_flags.ts";

const SPIN = "while True: pass";
/** Writes a file and reads it back, again and again, past what stays in a page cache under pressure. */
const CHURN = `
import os, sys
block = os.urandom(1 << 24)
while True:
    for name in range(16):
        with open(os.path.join(sys.argv[1], str(name)), "wb") as file:
            for _ in range(16):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        with open(os.path.join(sys.argv[1], str(name)), "rb") as file:
            while file.read(1 << 24):
                pass
`;

const minutes = minutesOf(60);
const place = new Place();
let figures = "";
try {
  const head = await place.head();
  const nodes = [head, await place.join(head)];
  const before = await picture(head);
  const spinning = 4 * navigator.hardwareConcurrency;
  for (let at = 0; at < spinning; at++) place.run([place.python, "-c", SPIN]);
  place.run([place.python, "-c", CHURN, join(place.dir, "home")]);
  const calls = place.run(
    [place.python, "-u", join(import.meta.dirname!, "_load_no_death.py"), String(minutes * 60)],
    { env: head.programEnv() },
  );
  while (!calls.isOver) {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    console.error(Deno.readTextFileSync("/proc/loadavg").trim());
    if (calls.isOver) break;
    assert.deepEqual(logged(nodes, /is dead|is down|The head ended/), []);
  }
  const { count, median, worst } = await calls.said();
  await calls.ok();
  assert.deepEqual(await picture(head), before);
  assert.deepEqual(logged(nodes, /is dead|is down|The head ended/), []);
  assert.deepEqual(JSON.parse(await head.tell("actors", "--dead", "--json")), []);
  const suspected = logged(nodes, /is suspect/).length;
  figures =
    `${minutes} min, ${spinning} spinning processes on ${navigator.hardwareConcurrency} cores: ` +
    `no death, ${suspected} times suspect; ${count} calls, median ${median} ms, worst ${worst} ms`;
} finally {
  await place.close();
}
console.log(figures);

/** What must be as before. */
async function picture(head: Node): Promise<unknown> {
  const { nodes, epoch } = await head.status();
  return { epoch, nodes: nodes.map(({ node_id, alive }) => ({ node_id, alive })) };
}

/** The lines of daemons and head that match. */
function logged(nodes: readonly Node[], wanted: RegExp): string[] {
  return nodes.flatMap((node) => linesUnder(join(node.dir, "logs"))).filter((line) =>
    wanted.test(line)
  );
}

function linesUnder(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory) return linesUnder(path);
    return /(daemon|head)\.log/.test(entry.name) ? Deno.readTextFileSync(path).split("\n") : [];
  });
}
