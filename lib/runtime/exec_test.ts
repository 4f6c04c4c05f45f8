import assert from "assert";
import { Trouble } from "./errors.ts";
import { exec } from "./exec.ts";

Deno.test("exec gives the process to the program, with variables set and removed", async () => {
  const module = new URL("./exec.ts", import.meta.url).href;
  const script = `import { exec } from ${JSON.stringify(module)};
    console.log(Deno.pid);
    await exec(["sh", "-c", 'echo $$ "$A" "\${B-none}" "$1"; exit 7', "sh", "two words"],
      { A: "a", B: undefined });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--ext=ts", "-"],
    env: { B: "b" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout } = await child.output();
  const [own, said] = new TextDecoder().decode(stdout).trim().split("\n");
  assert.equal(said, `${own} a none two words`);
  assert.equal(code, 7);
});

Deno.test("a program that is not there, or is none, is told", async () => {
  const codeOf = (command: string) =>
    exec([command]).then(() => "", (error) => error instanceof Trouble ? error.code : "");
  assert.equal(await codeOf("/no/such/program"), "not_found");
  assert.equal(await codeOf("/etc/passwd"), "not_executable");
});
