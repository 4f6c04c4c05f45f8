import assert from "assert";
import { findProgram, splitCommand, templateCommand } from "./interpreter.ts";

Deno.test("the order: worker command, driver's, ray start's, the environment's, python3", () => {
  const all = {
    worker_cmd: "env X=1 py -m ray._worker",
    driver: "/d/python",
    python: "/s/python",
    virtual_env: "/v",
  };
  assert.deepEqual(templateCommand(all), ["env", "X=1", "py", "-m", "ray._worker"]);
  const { worker_cmd: _, ...rest } = all;
  assert.equal(templateCommand(rest)[0], "/d/python");
  assert.equal(templateCommand({ ...rest, driver: undefined })[0], "/s/python");
  assert.equal(templateCommand({ virtual_env: "/v" })[0], "/v/bin/python");
  assert.deepEqual(templateCommand({ worker_cmd: "  " }), ["python3", "-m", "ray._worker"]);
});

Deno.test("a command is split as a shell does", () => {
  assert.deepEqual(splitCommand(`a 'b c' "d \\"e\\"" f\\ g h'i'"j"`), [
    "a",
    "b c",
    'd "e"',
    "f g",
    "hij",
  ]);
  assert.deepEqual(splitCommand("a ''"), ["a", ""]);
  assert.deepEqual(splitCommand("a 'open"), ["a", "'open"]);
  assert.deepEqual(splitCommand(""), []);
});

Deno.test("a program is found by PATH, or by its own path, if it may be executed", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/tool`, "", { mode: 0o755 });
  await Deno.writeTextFile(`${dir}/text`, "", { mode: 0o644 });
  assert.equal(findProgram("tool", `/nowhere:${dir}`), `${dir}/tool`);
  assert.equal(findProgram(`${dir}/tool`, undefined), `${dir}/tool`);
  assert.equal(findProgram("text", dir), undefined);
  assert.equal(findProgram(dir, undefined), undefined);
  await Deno.remove(dir, { recursive: true });
});
