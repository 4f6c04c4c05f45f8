/** A head or a daemon that stands still (SIGSTOP): every command says what it waits for, and gives up in words. */
import assert from "assert";
import { join } from "node:path";
import type { Node } from "./harness/node.ts";
import { signal } from "./harness/processes.ts";
import { PROGRAMS } from "./harness/programs.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { place, test } = theme("standing still", async (place) => {
  head = await place.head();
});

async function frozen(pid: number, body: () => Promise<void>): Promise<void> {
  signal(pid, "SIGSTOP");
  try {
    await body();
  } finally {
    signal(pid, "SIGCONT");
  }
}

test("a head that stands still is told of", async () => {
  const driver = head.driver("standing_still.py", [], { input: true });
  assert.deepEqual(await driver.said(), { ready: true });
  await frozen(head.headPid, async () => {
    const asked = [
      "token list",
      "metrics",
      "status",
      "drain 127.0.0.1",
      "ray list nodes --timeout 4",
    ];
    await Promise.all(asked.map(async (words) => {
      const { code, stderr } = await head.cli(words.split(" "));
      assert.equal(code, 1, `${words}: ${stderr}`);
      assert.match(stderr, /^Waiting for the head: it has not answered for 3 s\.$/m, words);
      assert.match(stderr, /^(beam|ray): Cannot ask the head.*\n(beam|ray): .*\n$/m, words);
    }));
    const watched = head.run(
      [place.python, join(PROGRAMS, "terminal.py"), place.beam, "status", "--watch"],
      { env: head.env({ NO_COLOR: undefined }), input: true },
    );
    await watched.tell("wait q ends\nkey q\n");
    await watched.endInput();
    const { code: ended, stderr: said } = await watched.end();
    assert.equal(ended, 0, said);
    // An actor of this node is found by its name and its class all the same.
    for (const name of ["speaker", "Speaker"]) {
      const { code, stdout, stderr } = await head.cli(["logs", name]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /I am here/);
    }
    const [file] = JSON.parse(await head.tell("logs", "speaker", "--json"));
    assert.deepEqual([file.actor_name, file.node_ip, file.of], ["speaker", head.ip, "worker"]);
  });
  await driver.tell("end\n");
  await driver.ok();
});

test("a daemon that stands still is told of", async () => {
  await frozen(head.record.pid, async () => {
    const asked = ["env", "run -- true", "up --replace", "ray stack", "status", "token list"];
    await Promise.all(asked.map(async (words) => {
      const { code, stderr } = await head.cli(words.split(" "));
      assert.equal(code, 1, `${words}: ${stderr}`);
      assert.match(
        stderr,
        /^(beam|ray): Cannot ask the node's daemon: .*\n.*beam down --force/m,
        words,
      );
    }));
    const { stdout } = await head.cli(["doctor"]);
    assert.match(stdout, /Asking the node's daemon failed: Cannot ask the node's daemon/);
    assert.match(stdout, /whose node does not answer/);
  });
});
