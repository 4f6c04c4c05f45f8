import assert from "assert";
import { values } from "./environment_trace.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("a forgotten variable is not in /proc either; the others stay", async () => {
  const program = `
    import { forgetVariables } from "${ROOT}lib/runtime/environment_trace.ts";
    forgetVariables(["SECRET_ONE", "SECRET_TWO", "NOT_THERE"]);
    console.log(JSON.stringify({
      shown: Deno.readTextFileSync("/proc/self/environ"),
      own: Deno.env.get("SECRET_ONE") ?? null,
      other: Deno.env.get("OTHER"),
    }));`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env: { SECRET_ONE: "first-secret", SECRET_TWO: "second-secret", OTHER: "not-secret" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.ok(said, new TextDecoder().decode(stderr));
  const { shown, own, other } = JSON.parse(said);
  assert.equal(own, null);
  assert.equal(other, "not-secret");
  assert.ok(shown.includes("OTHER=not-secret"));
  assert.ok(!/first-secret|second-secret/.test(shown), shown);
});

Deno.test("values are found by whole names", () => {
  const text = new TextEncoder().encode("XA=1\0A=22\0A_B=3\0noequals\0A=");
  assert.deepEqual(values(text, ["A"]), [[7, 9], [27, 27]]);
  assert.deepEqual(values(text, ["B"]), []);
});
