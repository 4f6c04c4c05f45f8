/**
 * Every bug of `bugs/` must be found: each is a patch, applied to a copy of the sources in which a
 * simulation then runs until a seed fails. `BUG=name` tries one.
 */
import assert from "assert";
import { dirname, join } from "node:path";
import { applyPatch } from "./patch.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
const BUGS = join(import.meta.dirname!, "bugs");
/** A simulation that has not found a bug after so many seeds does not find it. */
const MOST_SEEDS = { brain: 3000, links: 700 };
/** So many bugs are looked for at a time. */
const AT_ONCE = 2;

interface Planted {
  name: string;
  simulation: "brain" | "links";
  patch: string;
}

function planted(): Planted[] {
  const only = Deno.env.get("BUG");
  return [...Deno.readDirSync(BUGS)].map(({ name }) => name.replace(/\.patch$/, ""))
    .filter((name) => !only || name === only).sort()
    .map((name) => {
      const patch = Deno.readTextFileSync(join(BUGS, `${name}.patch`));
      const [, simulation] = /^simulation: (brain|links)$/m.exec(patch) ?? [];
      if (simulation === undefined) throw new Error(`${name}.patch does not say which simulation`);
      return { name, simulation: simulation as Planted["simulation"], patch };
    });
}

/** A copy of what a simulation needs. */
function copySources(to: string): void {
  for (const folder of ["lib", "tests/simulation"]) {
    copyFolder(join(ROOT, folder), join(to, folder));
  }
  for (const file of ["deno.json", "deno.lock"]) {
    Deno.copyFileSync(join(ROOT, file), join(to, file));
  }
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(join(from, name), join(to, name));
    else if (/\.(ts|json)$/.test(name)) Deno.copyFileSync(join(from, name), join(to, name));
  }
}

/** Plants a bug in the copy, looks for it, and takes it out again. @returns what is wrong, or undefined */
async function look(copy: string, bug: Planted): Promise<string | undefined> {
  let changed: Map<string, string>;
  try {
    changed = applyPatch(bug.patch, (path) => Deno.readTextFileSync(join(copy, path)));
  } catch (error) {
    return `${bug.name}.patch: ${(error as Error).message}`;
  }
  for (const [path, text] of changed) Deno.writeTextFileSync(join(copy, path), text);
  try {
    const { name, simulation } = bug;
    const found = await run(copy, simulation);
    if (found === undefined) {
      return `${name} is not found by ${simulation} within ${MOST_SEEDS[simulation]} seeds`;
    }
    const [what] = found.text.split("\n");
    console.log(`${name}: found by ${simulation} after ${found.after} seeds: ${what}`);
    return undefined;
  } finally {
    for (const path of changed.keys()) Deno.copyFileSync(join(ROOT, path), join(copy, path));
  }
}

async function run(
  copy: string,
  simulation: Planted["simulation"],
): Promise<{ after: number; text: string } | undefined> {
  const find = join(copy, "tests", "simulation", "find.ts");
  const args = ["run", "-A", "--no-check", find, simulation, String(MOST_SEEDS[simulation])];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: dirname(find),
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const found = JSON.parse(new TextDecoder().decode(stdout));
  return found.text === undefined ? undefined : found;
}

Deno.test("every planted bug is found, and every patch applies", async () => {
  const bugs = planted();
  const folder = Deno.makeTempDirSync({ prefix: "beam-bugs-" });
  try {
    const faults: string[] = [];
    const waiting = [...bugs];
    await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => {
      const copy = join(folder, String(index));
      copySources(copy);
      for (let bug = waiting.shift(); bug; bug = waiting.shift()) {
        const fault = await look(copy, bug);
        if (fault !== undefined) faults.push(fault);
      }
    }));
    assert.deepEqual(faults, []);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
