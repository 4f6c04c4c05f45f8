import assert from "assert";
import { join } from "node:path";
import {
  lastingCommand,
  launcherText,
  selfCommand,
  shellWord,
  writeLaunchers,
} from "./launcher.ts";

async function runScript(
  path: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(path, { args, env, clearEnv: true })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("from source, this program starts as Deno with main.ts", () => {
  const command = selfCommand();
  assert.equal(command[0], Deno.execPath());
  assert.match(command.at(-1)!, /\/main\.ts$/);
  assert.deepEqual(lastingCommand(() => "/checkout/scripts/beam"), ["/checkout/scripts/beam"]);
  assert.deepEqual(lastingCommand(() => undefined), command);
});

Deno.test("words are quoted for the shell only where needed", () => {
  assert.equal(shellWord("/usr/bin/a-b"), "/usr/bin/a-b");
  assert.equal(shellWord("it's $x"), `'it'\\''s $x'`);
});

Deno.test("launchers pass arguments on and set the runtime directory unless it is set", async () => {
  const parent = Deno.makeTempDirSync();
  const dir = join(parent, `it's {a} "b$c`);
  Deno.mkdirSync(dir);
  try {
    const program = join(dir, "pro gram");
    Deno.writeTextFileSync(program, `#!/bin/sh\necho "$BEAM_RUNTIME_DIR|$*"\n`, { mode: 0o755 });
    const bin = join(dir, "bin");
    writeLaunchers(bin, dir, [program, "-q"]);
    const first = await runScript(join(bin, "ray"), ["start", "a b"]);
    assert.equal(first.out, `${dir}|-q ray start a b\n`);
    const second = await runScript(join(bin, "beam"), ["up"], { BEAM_RUNTIME_DIR: "/other" });
    assert.equal(second.out, "/other|-q up\n");
    const { ino } = Deno.statSync(join(bin, "ray"));
    writeLaunchers(bin, dir, [program, "-q"]);
    assert.equal(Deno.statSync(join(bin, "ray")).ino, ino, "an equal file is left alone");
    writeLaunchers(bin, dir, [program]);
    assert.notEqual(Deno.statSync(join(bin, "ray")).ino, ino);
  } finally {
    Deno.removeSync(parent, { recursive: true });
  }
});

Deno.test("a launcher whose beam is gone says so and what to do", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "ray");
    Deno.writeTextFileSync(path, launcherText(["/no where/beam"], dir), { mode: 0o755 });
    const { code, err } = await runScript(path, []);
    assert.equal(code, 127);
    assert.equal(
      err,
      "beam: Cannot start /no where/beam: it is not there, or may not be executed.\n" +
        "beam: Run `beam shim-path` with the beam that is there now; it writes this file again.\n",
    );
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
