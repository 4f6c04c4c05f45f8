/** Nodes that are only links, joined to a real head by the dozen: all join, run and go. `scripts/load` has more of them. */
import assert from "assert";
import { join } from "node:path";
import { theme } from "./harness/scenario.ts";

const ROOT = join(import.meta.dirname!, "..", "..");
const { place, test } = theme("load");

test("24 nodes and 100 actors are placed, shown, lost and ended", async () => {
  const script = join(ROOT, "scripts", "_load", "main.ts");
  const deno = ["run", "-A", "--no-check", "--frozen", "--config", join(ROOT, "deno.json"), script];
  const flags = ["--nodes", "24", "--actors", "100", "--rest", "1", "--rounds", "2"];
  const command = [Deno.execPath(), ...deno, ...flags, "--binary", place.beam];
  const { stdout, stderr } = await place.run(command).ok();
  assert.equal(stderr, "");
  // Of so many `beam status` tells how many there are, not each.
  const lines = Number(/^status, the command \((\d+) lines\)/m.exec(stdout)?.[1]);
  assert.ok(lines > 5 && lines < 40, stdout);
  assert.match(stdout, /^a node lost, with its actors: /m);
});
