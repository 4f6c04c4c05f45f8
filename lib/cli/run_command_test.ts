import assert from "assert";
import { commandCalled } from "./beam.ts";
import { HELP, NAMES } from "./commands.ts";
import { tellFailure } from "./run_command.ts";

/** Names that beam's own help shows. */
function namesInHelp(): string[] {
  const lines = HELP.split("\n").filter((line) => line.startsWith("  beam "));
  return lines.flatMap((line) =>
    line.slice(7).split(/ {2,}/)[0]!.split(" | ").map((part) => part.split(" ")[0]!)
  ).filter((name) => /^[a-z]/.test(name));
}

Deno.test("help, completions and commands name the same", async () => {
  assert.deepEqual(namesInHelp().sort(), [...NAMES].sort());
  for (const name of NAMES) {
    const command = await commandCalled(name);
    assert.equal(command.name.replace(/^beam /, ""), name === "ray" ? "ray" : name);
  }
  await assert.rejects(commandCalled("nothing"), /no such command/);
});

Deno.test("what is a bug is not told as somebody's fault", () => {
  const bug = new TypeError("x is not a function");
  assert.throws(() => tellFailure(bug, "beam"), (error: unknown) => error === bug);
});
