import assert from "assert";
import { buildName } from "../runtime/version.ts";
import { accept } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";
import { tryJoin } from "./join_trial.ts";

const OWN = ["127.0.0.1", "10.0.0.5"];

/** A listener on loopback that does `serve` with each connection. */
class Listener implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor(serve: (conn: Deno.TcpConn) => Promise<unknown>) {
    (async () => {
      for await (const conn of this.#listener) {
        serve(conn).catch(() => {}).finally(() => close(conn));
      }
    })().catch(() => {});
  }

  get address() {
    return { host: "127.0.0.1", port: (this.#listener.addr as Deno.NetAddr).port };
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch { /* its opening has closed it */ }
}

/** A head with a token, as far as openings go. */
function head(token: string): Listener {
  const identity = { build: buildName(), keys: new Keyring(token), cluster: "c".repeat(56) };
  return new Listener((conn) =>
    accept(conn, { identity, peer: "a test", now: Date.now(), roles: ["health"] })
  );
}

const steps = (trial: Awaited<ReturnType<typeof tryJoin>>) =>
  trial.steps.map(({ step, ok }) => `${step} ${ok ? "ok" : "failed"}`);

Deno.test("a join that would work says so, with the node's address", async () => {
  using there = head("secret-token");
  const trial = await tryJoin(there.address, { tokens: [{ token: "secret-token" }], own: OWN });
  assert.deepEqual(steps(trial), ["connection ok", "protocol ok", "token ok"]);
  assert.deepEqual(trial.findings, []);
  assert.equal(trial.local, "127.0.0.1");
  assert.equal(trial.cluster, "c".repeat(56));
});

Deno.test("a token that is wrong or missing fails at its step, with the head's own words", async () => {
  using there = head("secret-token");
  const wrong = await tryJoin(there.address, { tokens: [{ token: "another" }], own: OWN });
  assert.deepEqual(steps(wrong), ["connection ok", "protocol ok", "token failed"]);
  assert.equal(wrong.findings[0]!.code, "BD043");
  assert.match(wrong.findings[0]!.mend, /token/);
  const none = await tryJoin(there.address, { tokens: [], own: OWN });
  assert.match(none.findings[0]!.seen, /this cluster has a token/);
});

Deno.test("what is no head of beam is told apart from one that is silent", async () => {
  using redis = new Listener(async (conn) => {
    await conn.read(new Uint8Array(64));
    await conn.write(new TextEncoder().encode("-ERR unknown command\r\n"));
  });
  const told = await tryJoin(redis.address, { tokens: [], own: OWN });
  assert.deepEqual(steps(told), ["connection ok", "protocol failed"]);
  assert.equal(told.findings[0]!.code, "BD042");
  assert.match(told.findings[0]!.seen, /is a Redis server, and no head of beam/);
  const over = Promise.withResolvers<void>();
  using silent = new Listener(() => over.promise);
  const waited = await tryJoin(silent.address, { tokens: [], own: OWN, timeout: 50 });
  assert.match(waited.findings[0]!.seen, /does not answer beam's greeting/);
  over.resolve();
});

Deno.test("a port where nothing listens", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr as Deno.NetAddr;
  gone.close();
  const refused = await tryJoin({ host: "127.0.0.1", port }, { tokens: [], own: OWN });
  assert.deepEqual(steps(refused), ["connection failed"]);
  assert.match(refused.findings[0]!.seen, /Nothing listens on 127\.0\.0\.1/);
});

Deno.test("names: one that does not resolve, and one that leads back here", async () => {
  const resolve = (name: string) =>
    name === "head" ? Promise.resolve(["127.0.1.1"]) : Promise.reject(
      Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }),
    );
  const unknown = await tryJoin({ host: "nobody", port: 6379 }, { tokens: [], own: OWN, resolve });
  assert.deepEqual(steps(unknown), ["name failed"]);
  assert.match(unknown.findings[0]!.seen, /ENOTFOUND/);
  const back = await tryJoin({ host: "head", port: 1 }, { tokens: [], own: OWN, resolve });
  assert.equal(back.findings[0]!.severity, "warning");
  assert.match(back.findings[0]!.seen, /this very machine/);
});
