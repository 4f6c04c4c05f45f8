import assert from "assert";
import {
  type Authority,
  type Certificate,
  HEAD_NAME,
  nameOf,
  newAuthority,
  newKeyPair,
  openAuthority,
  renewalAfter,
} from "./authority.ts";
import { connections } from "./connections.ts";
import { dialTo } from "./dialing.ts";
import { RequestFailed } from "./errors.ts";
import { accept, type Identity } from "./handshake.ts";
import { Keyring } from "./keyring.ts";
import { sendAtOnce } from "./no_delay.ts";
import { PortListener } from "./port_listener.ts";
import { SealedStream } from "./sealed_stream.ts";
import { TlsStream } from "./tls_stream.ts";
import type { SpliceStream } from "./splice.ts";
import { boundTo, connectTo, type Trust, trustIn } from "./transport.ts";

const HOST = "127.0.0.1";

async function certificateOf(
  authority: Authority,
  options: { isHead?: boolean; now?: number } = {},
): Promise<Certificate> {
  const { isHead = false, now = Date.now() } = options;
  const keys = await newKeyPair();
  const made = await authority.certify(keys.public, { now, isHead });
  return { ...made, key: keys.private, name: isHead ? HEAD_NAME : nameOf(keys.public) };
}

function identity(trust?: Trust, token = "secret"): Identity & { cluster: string } {
  return { build: "b", keys: new Keyring(token), cluster: "c", trust };
}

/** A port that lets callers in and sends back what they send. */
class Port {
  readonly refused: Error[] = [];
  readonly listener: PortListener;
  readonly #serving: Promise<void>;
  readonly #taken: { close(): void }[] = [];

  constructor(certificate?: Certificate, readonly bound?: string) {
    this.listener = new PortListener({ hostname: HOST, port: 0 }, certificate);
    this.#serving = this.#serve();
  }

  get port(): number {
    return this.listener.port;
  }

  /** A caller's connection. */
  async dial(trust?: Trust, name?: string, token?: string) {
    return await dialTo({ host: HOST, port: this.port }, {
      identity: identity(trust, token),
      role: "caller",
      peer: "the port",
      ms: 2000,
      name,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    for (const stream of this.#taken) close(stream);
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const echo = async (stream: SpliceStream, bound: string | undefined) => {
      try {
        const options = { identity: identity(), roles: ["caller"] as const, now: 0 };
        const opened = await accept(stream, { ...options, peer: "a caller", bound });
        const buffer = new Uint8Array(100);
        for (let n = await opened.stream.read(buffer); n; n = await opened.stream.read(buffer)) {
          await opened.stream.write(buffer.subarray(0, n));
        }
        opened.stream.close();
      } catch (error) {
        this.refused.push(error as Error);
        close(stream);
      }
    };
    const served: Promise<void>[] = [];
    for await (const { stream, bound } of connections(this.listener)) {
      this.#taken.push(stream);
      served.push(echo(stream, this.bound ?? bound));
    }
    await Promise.all(served);
  }
}

function close(stream: { close(): void }): void {
  try {
    stream.close();
  } catch { /* it is closed */ }
}

async function echoed(opened: { stream: { write(b: Uint8Array): Promise<number> } & Reader }) {
  await opened.stream.write(new TextEncoder().encode("over"));
  const buffer = new Uint8Array(100);
  const count = await opened.stream.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

interface Reader {
  read(buffer: Uint8Array): Promise<number | null>;
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(() => assert.fail("it was let in"), (error) => error);
  assert.ok(error instanceof RequestFailed, `${error}`);
  assert.equal(error.code, "tls");
  return `${error.message} ${error.mend}`;
}

const authority = await openAuthority(await newAuthority());

Deno.test("a port is known by its authority's id and its name, and what follows is as it is", async () => {
  const certificate = await certificateOf(authority);
  await using port = new Port(certificate);
  const opened = await port.dial(await trustIn(authority.id), certificate.name);
  assert.ok(!(opened.stream instanceof SealedStream));
  assert.equal(await echoed(opened), "over");
  opened.stream.close();
});

Deno.test("nothing is sent to who has another authority, another name, or a time that is over", async () => {
  const trust = await trustIn(authority.id);
  const other = await openAuthority(await newAuthority());
  const theirs = await certificateOf(other);
  await using stranger = new Port(theirs);
  assert.match(
    await refusal(stranger.dial(trust, theirs.name)),
    /not of the authority that this side believes .* the token that the head printed/,
  );
  const node = await certificateOf(authority);
  await using port = new Port(node);
  assert.match(await refusal(port.dial(trust, HEAD_NAME)), /not that of head\.beam\.internal/);
  assert.match(await refusal(port.dial(trust)), /by which name/);
  const old = await certificateOf(authority, { now: Date.now() - 30 * 24 * 3_600_000 });
  await using late = new Port(old);
  await assert.rejects(late.dial(trust, old.name), /not good now .*clocks/);
  for (const { refused } of [stranger, port, late]) {
    assert.ok(refused.every((error) => !(error instanceof RequestFailed)), "no hello was heard");
  }
});

Deno.test("TLS and none do not mix, and both sides are told what mends it", async () => {
  const certificate = await certificateOf(authority, { isHead: true });
  await using secure = new Port(certificate);
  assert.match(await refusal(secure.dial()), /it speaks TLS, and this side knows no authority/);
  assert.match(secure.refused[0]!.message, /does not speak TLS, and this cluster does/);
  await using plain = new Port();
  assert.match(
    await refusal(plain.dial(await trustIn(authority.id), HEAD_NAME)),
    /does not speak TLS.*beam up --head --tls/,
  );
  assert.match(plain.refused[0]!.message, /speaks TLS, and this cluster does not/);
});

Deno.test("a proof is good for the name that was checked only: nobody can pass it on", async () => {
  const certificate = await certificateOf(authority);
  // As one that takes proofs to another listener, whose name they are not bound to.
  await using between = new Port(certificate, boundTo(HEAD_NAME));
  const dialed = between.dial(await trustIn(authority.id), certificate.name);
  await assert.rejects(dialed, { code: "token" });
});

Deno.test("a certificate that is good opens nothing without the token, for who dials it neither", async () => {
  const certificate = await certificateOf(authority);
  await using port = new Port(certificate);
  const trust = await trustIn(authority.id);
  for (const token of ["another", ""]) {
    await assert.rejects(port.dial(trust, certificate.name, token), { code: "token" });
  }
  assert.equal(port.refused.length, 2);
});

Deno.test("a certificate is exchanged while what is open goes on", async () => {
  const trust = await trustIn(authority.id);
  const [first, second] = [await certificateOf(authority), await certificateOf(authority)];
  await using port = new Port(first);
  const { port: number } = port;
  const open = await port.dial(trust, first.name);
  port.listener.exchange(second);
  const fresh = await port.dial(trust, second.name);
  assert.equal(port.port, number);
  assert.deepEqual([await echoed(open), await echoed(fresh)], ["over", "over"]);
  assert.match(await refusal(port.dial(trust, first.name)), /not that of/);
  open.stream.close();
  fresh.stream.close();
});

/** Passes one connection on to a port; settles, when that ends, with what the port sent. */
async function overhear(listener: Deno.TcpListener, port: number): Promise<Uint8Array> {
  const [near, far] = [await listener.accept(), await Deno.connect({ hostname: HOST, port })];
  const heard: number[] = [];
  const tap = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(bytes, out) {
      heard.push(...bytes);
      out.enqueue(bytes);
    },
  });
  await Promise.allSettled([
    near.readable.pipeTo(far.writable),
    far.readable.pipeThrough(tap).pipeTo(near.writable),
  ]);
  return new Uint8Array(heard);
}

Deno.test("two of beam speak TLS 1.3", async () => {
  const certificate = await certificateOf(authority);
  await using port = new Port(certificate);
  using between = Deno.listen({ hostname: HOST, port: 0 });
  const overheard = overhear(between, port.port);
  const opened = await dialTo({ host: HOST, port: between.addr.port }, {
    identity: identity(await trustIn(authority.id)),
    role: "caller",
    peer: "the port",
    ms: 2000,
    name: certificate.name,
  });
  assert.equal(await echoed(opened), "over");
  opened.stream.close();
  const [kind, , , high = 0, low = 0, said, ...rest] = await overheard;
  assert.deepEqual([kind, said], [0x16, 2], "a ServerHello");
  // Only of 1.3 it names its version in this extension, two bytes long.
  const hello = rest.slice(0, high * 256 + low).map((byte) => byte.toString(16).padStart(2, "0"));
  assert.match(hello.join(" "), /00 2b 00 02 03 04/);
});

Deno.test("a TLS port sends at once; another process's is left alone", async () => {
  await using port = new Port(await certificateOf(authority));
  assert.equal(sendAtOnce(port.port), 1);
  const free = Deno.listen({ hostname: HOST, port: 0 });
  const { port: closed } = free.addr;
  free.close();
  assert.equal(sendAtOnce(closed), 0);
});

Deno.test("whoever takes the connection and says nothing is given up", async () => {
  const silent = Deno.listen({ hostname: HOST, port: 0 });
  const taken = silent.accept();
  const options = { ms: 50, trust: await trustIn(authority.id), name: "x", peer: "it" };
  await assert.rejects(
    connectTo({ host: HOST, port: silent.addr.port }, options),
    /no answer within 50 ms/,
  );
  (await taken).close();
  silent.close();
});

/** How many sockets this process has open. */
function sockets(): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

Deno.test("connections that are given up are closed, whoever holds their other end", async () => {
  const silent = Deno.listen({ hostname: HOST, port: 0 });
  const options = { ms: 20, trust: await trustIn(authority.id), name: "x", peer: "it" };
  const before = sockets();
  for (let i = 0; i < 5; i++) {
    const dialed = connectTo({ host: HOST, port: silent.addr.port }, options);
    await assert.rejects(dialed, /no answer/);
  }
  await settled(() => sockets() <= before);
  silent.close();
});

Deno.test("strangers that say nothing in TLS leave nothing behind", async () => {
  await using port = new Port(await certificateOf(authority));
  const before = sockets();
  const strangers = [];
  for (let i = 0; i < 5; i++) {
    strangers.push(await Deno.connect({ hostname: HOST, port: port.port }));
  }
  for (const stranger of strangers) assert.equal(await stranger.read(new Uint8Array(1)), null);
  for (const stranger of strangers) stranger.close();
  await settled(() => sockets() <= before);
});

Deno.test("a peer that reads nothing holds no connection that was closed", async () => {
  const certificate = await certificateOf(authority);
  const port = new PortListener({ hostname: HOST, port: 0 }, certificate);
  const before = sockets();
  const options = {
    ms: 2000,
    trust: await trustIn(authority.id),
    name: certificate.name,
    peer: "it",
  };
  const [{ stream: taken }, { stream }] = await Promise.all([
    port.accept(),
    connectTo({ host: HOST, port: port.port }, options),
  ]);
  const writing = (async () => {
    if (taken instanceof TlsStream) await taken.handshake();
    for (;;) await taken.write(new Uint8Array(65536));
  })();
  let broken = false;
  writing.catch(() => broken = true);
  await settled(() => sockets() === before + 2);
  taken.close();
  await settled(() => broken && sockets() === before + 1);
  stream.close();
  await settled(() => sockets() <= before);
  port.close();
});

Deno.test("a certificate that comes while the port waits for another is the one that is shown", async () => {
  const [first, second] = [await certificateOf(authority), await certificateOf(authority)];
  await using port = new Port(first);
  port.listener.exchange({ ...second, certificate: "nonsense" });
  port.listener.exchange(second);
  const opened = await port.dial(await trustIn(authority.id), second.name);
  assert.equal(await echoed(opened), "over");
  opened.stream.close();
});

async function settled(what: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(what(), `${sockets()} sockets`);
}

Deno.test("a certificate's renewal is never so far that the timer is over at once", () => {
  assert.equal(renewalAfter(90_000), 60_000);
  assert.equal(renewalAfter(90 * 24 * 3_600_000), 2 ** 31 - 1);
});

Deno.test("an authority is known again by its key, and a key that is none is refused", async () => {
  const pem = await newAuthority();
  assert.equal((await openAuthority(pem)).id, (await openAuthority(pem)).id);
  await assert.rejects(openAuthority("no key"));
  await assert.rejects(authority.certify(new Uint8Array(5), { now: 0 }), /32 bytes, got 5/);
});
