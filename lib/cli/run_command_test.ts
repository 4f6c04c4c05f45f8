import assert from "assert";
import { NAMES } from "./beam.ts";
import { namesInHelp } from "./completions.ts";
import { flagsIn } from "./completions.ts";
import { loadCommand, unknownCommand } from "./beam.ts";
import { tellFailure } from "./run_command.ts";

Deno.test("help, completions and commands name the same", async () => {
  assert.deepEqual(namesInHelp().sort(), [...NAMES].sort());
  for (const name of NAMES) {
    const command = await loadCommand(name);
    assert.equal(command?.name.replace(/^beam /, ""), name === "ray" ? "ray" : name);
  }
  assert.equal(await loadCommand("nothing"), undefined);
  assert.match(unknownCommand("doctor").message, /not there yet/);
});

Deno.test("flags are found in a help, each once", () => {
  assert.deepEqual(flagsIn("  --all  x\n  -f, --follow  see --all"), [
    "--all",
    "--follow",
    "--help",
  ]);
});

Deno.test("what is a bug is not told as somebody's fault", () => {
  const bug = new TypeError("x is not a function");
  assert.throws(() => tellFailure(bug, "beam"), (error: unknown) => error === bug);
});
