import assert from "assert";
import { exportLines } from "./env.ts";

Deno.test("exports survive the shell", async () => {
  const lines = exportLines({ A: "it's $HOME", B: "plain" });
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `${lines}\necho "$A|$B"`] })
    .output();
  assert.equal(new TextDecoder().decode(stdout), "it's $HOME|plain\n");
});
