/**
 * The commands of `docs/start.md`, run as they stand there, in order, on two machines of a network of
 * their own. A block is the first machine's unless a comment before it says otherwise.
 */
import assert from "assert";
import { join } from "node:path";
import { lacking, Machines } from "../faults/harness/machines.ts";
import { Place } from "../e2e/harness/place.ts";
import { python } from "../e2e/harness/pythons.ts";
import { ROOT } from "./sources.ts";

const BLOCK = /(?:<!-- (run|not run): ([^>]*?) -->\s*)?^```sh\n(.*?)^```$/gms;

interface Block {
  /** Where it runs; absent: nowhere here, for a reason that stands in the page. */
  machine?: 1 | 2;
  commands: string;
}

function blocksOf(page: string): Block[] {
  const text = Deno.readTextFileSync(join(ROOT, "docs", page));
  return [...text.matchAll(BLOCK)].map(([, how, what, commands]) => {
    if (how === "not run") return { commands: commands! };
    assert.ok(what === undefined || what === "second", `what is \`${what}\`?`);
    return { machine: what === "second" ? 2 : 1, commands: commands! };
  });
}

/** A user's machine: a home, and beam and a Python on PATH. */
function machineEnv(place: Place, name: string): Record<string, string | undefined> {
  const home = join(place.dir, name);
  const env: Record<string, string> = { HOME: home };
  for (const folder of ["bin", "run", "tmp"]) {
    Deno.mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
  }
  const program = (name: string, command: string) =>
    Deno.writeTextFileSync(join(home, "bin", name), `#!/bin/sh\nexec "${command}" "$@"\n`, {
      mode: 0o755,
    });
  program("beam", place.beam);
  if (python() !== "python3") program("python3", python());
  return {
    ...env,
    XDG_RUNTIME_DIR: join(home, "run"),
    TMPDIR: join(home, "tmp"),
    PATH: `${join(home, "bin")}:${Deno.env.get("PATH")}`,
    BEAM_RUNTIME_DIR: undefined,
    BEAM_DASHBOARD_PORT: undefined,
  };
}

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: the commands of docs/start.md: ${lacks}`);

Deno.test({
  name: "the ten minutes go as they are written",
  ignore: lacks !== undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const place = new Place();
    using machines = new Machines(2);
    try {
      const homes = { 1: machineEnv(place, "first"), 2: machineEnv(place, "second") };
      const run = async (machine: 1 | 2, commands: string) => {
        const ending = await place.run(
          [...machines.via(machine), "bash", "-euo", "pipefail", "-c", commands],
          { env: homes[machine], cwd: homes[machine]["HOME"]! },
        ).end();
        assert.equal(ending.code, 0, `${commands}\n${ending.stdout}\n${ending.stderr}`);
        return ending.stdout;
      };
      let printed = "";
      let exported = "";
      for (const { machine, commands } of blocksOf("start.md")) {
        if (machine === undefined) continue;
        // What a person reads off the first machine's screen.
        const token = commands.includes("BEAM_TOKEN=…") ? (await run(1, "beam token")).trim() : "";
        const filled = commands.replace("BEAM_TOKEN=…", `BEAM_TOKEN=${token}`)
          .replace("FIRST", machines.address(1));
        printed += await run(machine, machine === 1 ? exported + filled : filled);
        // A shell keeps what it exported for the blocks that follow.
        if (machine === 1) exported += (filled.match(/^export .*$/gm) ?? []).join("\n") + "\n";
      }
      assert.match(printed, /\[5, 5\]\n1 node\(s\)/);
      assert.match(printed, /\[5, 5\]\n2 node\(s\)/);
    } finally {
      await place.close();
    }
  },
});
