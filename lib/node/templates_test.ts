import assert from "node:assert/strict";
import sinon from "sinon";
import type { Template } from "./template.ts";
import { LINGER, Templates } from "./templates.ts";

/** Templates that never say hello; `lost` are those whose end was told. */
function templates() {
  const lost: Template[] = [];
  const made = new Templates({
    env: { PATH: Deno.env.get("PATH")! },
    cwd: "/",
    socket: "/none",
    node_ip: "10.0.0.1",
    output: () => {},
    timeout: 10 * LINGER,
  }, (template) => lost.push(template));
  return { made, lost };
}

const SLEEP = ["sleep", "600"];

Deno.test("a held template is one for its holders, lingers after the last, and goes untold", async () => {
  const clock = sinon.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { made, lost } = templates();
  try {
    const released: string[] = [];
    const hold = (name: string) => made.hold({ command: SLEEP }, () => released.push(name));
    const [one, two] = [hold("one"), hold("two")];
    assert.equal(one.template, two.template);
    assert.notEqual(made.get(SLEEP), one.template);
    one.release();
    two.release();
    assert.deepEqual(released, ["one"]);
    clock.tick(LINGER - 1);
    const three = hold("three");
    assert.equal(three.template, one.template);
    assert.deepEqual(released, ["one", "two"]);
    three.release();
    clock.tick(LINGER);
    assert.deepEqual(released, ["one", "two", "three"]);
    await one.template.ended;
    assert.deepEqual(lost, []);
    const four = hold("four");
    assert.notEqual(four.template, one.template);
    four.release();
  } finally {
    clock.restore();
    await made.close(0);
  }
});

Deno.test("another environment or directory is another template", async () => {
  const { made } = templates();
  const env = { PATH: Deno.env.get("PATH")! };
  const holds = [{}, { cwd: "/tmp" }, { env: { ...env, A: "1" } }, { env: { A: "1", ...env } }]
    .map((parts) => made.hold({ command: SLEEP, ...parts }, () => {}).template);
  assert.equal(new Set(holds).size, 3);
  await made.close(0);
});
