import assert from "assert";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { isLoopback } from "../runtime/loopback.ts";
import { PortError, Server } from "./server.ts";
import { Keyring } from "../wire/keyring.ts";

const OWN = primaryAddress(readNetwork());
const options = {
  identity: { build: "test", keys: new Keyring(), cluster: "c" },
  join: () => new Uint8Array(0),
  now: () => Date.now(),
  onOpened: () => {},
  onRefused: () => {},
};
/** A machine without a network has only loopback to listen on. */
const ignore = isLoopback(OWN);

async function answers(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

async function listening(host: string, port = 0) {
  const server = await Server.listen({ host, port });
  server.start(options);
  return { server, port: server.port, [Symbol.asyncDispose]: () => server.close() };
}

Deno.test(
  "beside the cluster's address it listens on loopback, and nowhere else",
  { ignore },
  async () => {
    await using one = await listening(OWN);
    assert.deepEqual(
      await Promise.all([OWN, "127.0.0.1", "127.0.0.2"].map((host) => answers(host, one.port))),
      [true, true, false],
    );
  },
);

Deno.test("on a loopback address it listens there alone, on all where that is asked for", async () => {
  await using one = await listening("127.0.0.2");
  assert.deepEqual([await answers("127.0.0.2", one.port), await answers("127.0.0.1", one.port)], [
    true,
    false,
  ]);
  await using all = await listening("0.0.0.0");
  assert.equal(await answers("127.0.0.3", all.port), true);
});

Deno.test(
  "a port that is taken on either address is one error, and frees the other",
  { ignore },
  async () => {
    for (const [taken, other] of [[OWN, "127.0.0.1"], ["127.0.0.1", OWN]] as const) {
      const holder = Deno.listen({ hostname: taken, port: 0 });
      const { port } = holder.addr;
      holder.close();
      const again = Deno.listen({ hostname: taken, port });
      await assert.rejects(
        Server.listen({ host: OWN, port }),
        (error: unknown) =>
          error instanceof PortError &&
          error.message.includes(`port ${port} of ${taken}: another program holds it`) &&
          /--port N/.test(error.mend),
      );
      assert.equal(await answers(other, port), false);
      again.close();
    }
  },
);

Deno.test("an address of another machine is told as one, with the way to listen on all", async () => {
  await assert.rejects(Server.listen({ host: "203.0.113.9", port: 0 }), (error: unknown) => {
    assert.ok(error instanceof PortError);
    assert.match(error.message, /it is no address of this machine/);
    assert.match(error.mend, /--listen 0\.0\.0\.0/);
    return true;
  });
});
