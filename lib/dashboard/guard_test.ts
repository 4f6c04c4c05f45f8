import assert from "assert";
import { join } from "node:path";
import { Guard, GUARD_LIMITS, type GuardLimits, HeadEnd, peerOf } from "./guard.ts";

/** The listener, to which connections seem to come from those addresses, in their order. */
function seeming(listener: Deno.TcpListener, address: () => string): Deno.TcpListener {
  const moved = (conn: Deno.TcpConn, hostname: string) =>
    new Proxy(conn, {
      get(target, name) {
        if (name === "remoteAddr") return { ...target.remoteAddr, hostname };
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const accept = async () => moved(await listener.accept(), address());
  return { accept, close: () => listener.close() } as Deno.TcpListener;
}

/** A guard before a server that answers every request with "ok" after its body. */
async function guarded(
  limits: Partial<GuardLimits>,
  run: (dial: () => Promise<Deno.TcpConn>, from: (address: string) => void) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  const path = join(dir, "http.sock");
  const server = Deno.serve({ transport: "unix", path, onListen() {} }, async (request) => {
    await request.text();
    const from = peerOf(request.headers);
    return new Response(`ok from ${from}`, { headers: { connection: "close" } });
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let address = "127.0.0.1";
  const dialed: string[] = [];
  const accepting = seeming(listener, () => dialed.shift()!);
  const guard = new Guard([accepting], path, { ...GUARD_LIMITS, ...limits });
  try {
    const { port } = listener.addr;
    const dial = () => {
      dialed.push(address);
      return Deno.connect({ hostname: "127.0.0.1", port });
    };
    await run(dial, (other) => address = other);
  } finally {
    await guard.close();
    await server.shutdown();
    Deno.removeSync(dir, { recursive: true });
  }
}

async function said(conn: Deno.TcpConn, text: string): Promise<string> {
  await conn.write(new TextEncoder().encode(text));
  return await new Response(conn.readable).text().catch(() => "cut");
}

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "a request is answered, and the answer ends the connection",
  options,
  () =>
    guarded({}, async (dial) => {
      const answer = await said(await dial(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      assert.match(answer, /^HTTP\/1\.1 200(.|\r|\n)*ok from 127.0.0.1$/);
    }),
);

Deno.test(
  "a request says from where it comes, whatever it says itself and however it is cut",
  options,
  () =>
    guarded({}, async (dial, from) => {
      from("fd00::7");
      for (const end of ["\r\n", "\n"]) {
        const lines = ["GET / HTTP/1.1", "Host: x", "x-beam-peer: 10.0.0.9", "", ""];
        const conn = await dial();
        await conn.write(new TextEncoder().encode("G"));
        assert.match(await said(conn, lines.join(end).slice(1)), /ok from fd00::7$/);
      }
      const early = "\r\nGET / HTTP/1.1\r\nHost: x\r\nx-beam-peer: 10.0.0.9\r\n\r\n";
      assert.doesNotMatch(await said(await dial(), early), /10\.0\.0\.9/);
    }),
);

Deno.test(
  "who does not finish a head in time is cut, also one that trickles",
  options,
  () =>
    guarded({ head_ms: 100 }, async (dial) => {
      assert.doesNotMatch(await said(await dial(), ""), /200/);
      assert.doesNotMatch(await said(await dial(), "GET / HTTP/1.1\r\nHost: x\r\n"), /200/);
    }),
);

Deno.test(
  "a connection on which nothing moves ends",
  options,
  () =>
    guarded({ idle_ms: 100 }, async (dial) => {
      const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc";
      assert.doesNotMatch(await said(await dial(), head), /200/);
    }),
);

const REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

Deno.test(
  "who opens connections and asks nothing keeps nobody out, also of the same address",
  options,
  () =>
    guarded({ each: 2, head_ms: 5000 }, async (dial) => {
      using upload = await dial();
      const head =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
      await upload.write(new TextEncoder().encode(head));
      assert.ok(await upload.read(new Uint8Array(100)), "its head has arrived");
      const silent = [await dial(), await dial(), await dial()];
      assert.match(await said(await dial(), REQUEST), /200/);
      assert.match(await said(upload, "ab"), /200/, "what asks is not what gives way");
      for (const conn of silent) assert.doesNotMatch(await said(conn, ""), /200/);
    }),
);

Deno.test(
  "where there are as many as may be, the address with the most gives way",
  options,
  () =>
    guarded({ connections: 3, head_ms: 5000 }, async (dial, from) => {
      from("127.0.0.9");
      using other = await dial();
      await other.write(new TextEncoder().encode("GET / HTTP/1.1\r\n"));
      from("127.0.0.1");
      const silent = [await dial(), await dial()];
      from("127.0.0.8");
      assert.match(await said(await dial(), REQUEST), /200/);
      assert.match(await said(other, "Host: x\r\n\r\n"), /200/);
      assert.equal(await said(silent[0]!, ""), "");
      silent[1]!.close();
    }),
);

Deno.test("the end of a head is found wherever its parts are cut", () => {
  const text = new TextEncoder().encode("GET / HTTP/1.1\r\nA: b\r\r\nC: d\r\n\r\nbody");
  const end = text.length - "body".length;
  for (let at = 1; at < text.length; at++) {
    const head = new HeadEnd(100);
    assert.equal(head.seen(text.subarray(0, at)), at >= end);
    assert.equal(head.seen(text.subarray(at)), true);
  }
  assert.throws(() => new HeadEnd(10).seen(text), RangeError);
});
