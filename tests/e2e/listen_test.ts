/** Where a head listens, and which address of it everything shows. */
import assert from "assert";
import { primaryAddress, readNetwork } from "../../lib/probe/network.ts";
import { isLoopback } from "../../lib/runtime/loopback.ts";
import { freePort } from "./harness/ports.ts";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

const OWN = primaryAddress(readNetwork());

const { place, test } = theme("listen");

/** Addresses of this machine at which `port` is taken: a listener on all has each. */
function takenAt(port: number): string[] {
  return [OWN, "127.0.0.1", "127.0.0.9"].filter((hostname) => {
    try {
      Deno.listen({ hostname, port }).close();
      return false;
    } catch {
      return true;
    }
  });
}

async function showsItsAddress(head: Node, address: string): Promise<void> {
  assert.equal(head.record.head_address, address);
  assert.equal((await head.status()).head_address, address);
  const port = address.split(":").at(-1);
  const ray = (...args: string[]) => head.cli(["ray", ...args]);
  for (const host of [OWN, "127.0.0.1"]) {
    const health = await ray("health-check", "--address", `${host}:${port}`);
    assert.equal(health.code, 0, health.stderr);
  }
  const joiner = await place.node({ ip: "127.0.0.7" })
    .up(["--join", `127.0.0.1:${port}`], { BEAM_TOKEN: head.record.token });
  assert.equal(joiner.record.head_address, address, "also who joined by loopback tells it on");
  assert.equal((await joiner.status()).head_address, address);
  await joiner.down();
}

if (!isLoopback(OWN)) {
  for (const [kind, flags] of [["with a token", []], ["open", ["--open"]]] as const) {
    test(`a head ${kind} listens on its address and on loopback, and shows the former`, async () => {
      const head = place.node({ ip: OWN });
      await head.up(["--head", "--port", "0", ...flags]);
      const port = Number(head.record.head_address.split(":").at(-1));
      assert.deepEqual(takenAt(port), [OWN, "127.0.0.1"]);
      await showsItsAddress(head, `${OWN}:${port}`);
      await head.down();
    });
  }

  test("ray start listens there too, whether there is a token or not", async () => {
    for (const env of [{}, { RAY_AUTH_TOKEN: "a-token-for-it" }]) {
      const node = place.node({ ip: OWN });
      const port = freePort();
      const args = ["--head", "--port", `${port}`, "--num-cpus", "1", "--num-gpus", "0"];
      const started = await node.cli(["ray", "start", ...args, "--node-ip-address", OWN], env);
      assert.equal(started.code, 0, started.stderr);
      assert.match(started.stdout, new RegExp(`ray start --address='${OWN}:${port}'`));
      assert.deepEqual(takenAt(port), [OWN, "127.0.0.1"]);
      assert.equal((await node.cli(["ray", "stop"])).code, 0);
    }
  });

  test("a port that is taken on loopback alone is one error that names it", async () => {
    const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = holder.addr;
    const node = place.node({ ip: OWN });
    const ending = await node.cli(["up", "--head", "--port", `${port}`, ...node.flags]);
    holder.close();
    assert.equal(ending.code, 1);
    assert.match(
      ending.stderr,
      new RegExp(
        `^beam: Cannot listen on port ${port} of 127\\.0\\.0\\.1: another program holds it`,
      ),
    );
    assert.equal(ending.stderr.trimEnd().split("\n").length, 2, ending.stderr);
  });
}

test("on all addresses only where that is asked for", async () => {
  for (const [flags, env] of [[["--listen", "0.0.0.0"], {}], [[], { BEAM_LISTEN: "0.0.0.0" }]]) {
    const head = place.node({ ip: OWN });
    await head.up(["--head", "--port", "0", ...flags as string[]], env as Record<string, string>);
    const port = Number(head.record.head_address.split(":").at(-1));
    assert.equal(takenAt(port).length, 3);
    assert.equal(head.record.head_address, `${OWN}:${port}`);
    assert.equal((await head.status()).head_address, `${OWN}:${port}`);
    await head.down();
  }
  const refused = await place.cli(["up", "--head", "--listen", "everywhere"]);
  assert.equal(refused.code, 2, refused.stderr);
});
