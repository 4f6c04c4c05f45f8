import assert from "assert";
import { commandCalled } from "./beam.ts";
import { NAMES } from "./commands.ts";
import { flagsIn, namesInHelp } from "./completions.ts";
import { tellFailure } from "./run_command.ts";

Deno.test("help, completions and commands name the same", async () => {
  assert.deepEqual(namesInHelp().sort(), [...NAMES].sort());
  for (const name of NAMES) {
    const command = await commandCalled(name);
    assert.equal(command.name.replace(/^beam /, ""), name === "ray" ? "ray" : name);
  }
  await assert.rejects(commandCalled("nothing"), /no such command/);
  await assert.rejects(commandCalled("doctor"), /not there yet/);
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
