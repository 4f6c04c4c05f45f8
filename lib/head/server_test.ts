import assert from "assert";
import { once } from "node:events";
import { createConnection } from "node:net";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { isLoopback } from "../runtime/loopback.ts";
import { PortError, Server } from "./server.ts";
import { dial } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";
import { STRANGER_BOUNDS } from "../wire/strangers.ts";

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

/** Connections that say nothing. */
async function silent(port: number, count: number) {
  const sockets = Array.from(
    { length: count },
    () => createConnection({ host: "127.0.0.1", port }),
  );
  let ended = 0;
  for (const socket of sockets) {
    socket.on("error", () => {});
    socket.on("close", () => ended++);
  }
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  return {
    get ended() {
      return ended;
    },
    [Symbol.dispose]() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

Deno.test("a crowd that says nothing keeps nobody out: those that are there longest have to go", async () => {
  const one = await Server.listen({ host: "127.0.0.1", port: 0 });
  await using _ = { [Symbol.asyncDispose]: () => one.close() };
  one.start({ ...options, onOpened: ({ stream }) => stream.close() });
  using crowd = await silent(one.port, STRANGER_BOUNDS.each + 20);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: one.port });
  const identity = { build: "test", keys: new Keyring(), cluster: "c" };
  const opened = await dial(conn, { identity, role: "node", peer: "the head" });
  opened.stream.close();
  const begun = Date.now();
  while (crowd.ended < 20 && Date.now() - begun < 10_000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(crowd.ended >= 20, `${crowd.ended} were closed`);
});
