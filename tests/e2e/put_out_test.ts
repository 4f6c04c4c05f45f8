/** `beam token rotate --without`: a machine that means harm is put out, and all others go on. */
import assert from "assert";
import { join } from "node:path";
import { dialTo } from "../../lib/wire/dialing.ts";
import { encodeFrame } from "../../lib/wire/frames.ts";
import { expectMessage, type Opened, type Role } from "../../lib/wire/handshake.ts";
import { HEAD_NAME } from "../../lib/wire/authority.ts";
import { KeyBoxReceiver } from "../../lib/wire/key_box.ts";
import { Keyring } from "../../lib/wire/keyring.ts";
import { Link, writeAll } from "../../lib/wire/link.ts";
import { type Trust, trustIn } from "../../lib/wire/transport.ts";
import type { Node } from "./harness/node.ts";
import { isRunning, signal } from "./harness/processes.ts";
import { theme } from "./harness/scenario.ts";
import { soon, until } from "./harness/until.ts";

/** No connection can be made to a multicast address: calls go through the head. */
const HIDDEN = "224.0.0.9";
const BAD = "127.0.0.3";

const { place, test } = theme("put-out");

/** Who has the token that the cluster had, and no scruples. */
class Hostile {
  readonly keys: Keyring;
  readonly #trust: Promise<Trust> | undefined;

  constructor(readonly head: Node) {
    const [token, authority] = head.record.token!.split("~");
    this.keys = new Keyring(token);
    if (authority !== undefined) this.#trust = trustIn(authority);
  }

  async dial(role: Role, address = this.head.record.head_address, name = HEAD_NAME) {
    const [host, port] = address.split(":");
    const identity = { build: "test", keys: this.keys, trust: await this.#trust };
    const to = { host: host!, port: Number(port) };
    return await dialTo(to, { identity, role, peer: "it", ms: 2000, name });
  }

  /** A link to the head that has not joined. */
  async link(): Promise<{ link: Link; fetch(): Promise<string> }> {
    const { stream, decoder, early, secret } = await this.dial("node");
    const link = new Link(stream, { peer: "the head", decoder, onMessage() {} }).start(early);
    const fetch = async () => {
      const receiver = new KeyBoxReceiver();
      const asked = { kind: "token.fetch" as const, public: receiver.public };
      return receiver.open((await link.request(asked)).fields, secret);
    };
    return { link, fetch };
  }

  /** A stream to an actor, at its node's port or through the head. */
  async stream(role: "caller" | "relay", actor: Actor, address?: string, name?: string) {
    const opened = await this.dial(role, address, name);
    const { actor_id, node_id: node } = actor;
    await writeAll(opened.stream, encodeFrame({ kind: "splice", actor_id, incarnation: 1, node }));
    await expectMessage(opened, "spliced", { peer: "it", timeout: 10_000 });
    return opened;
  }
}

interface Actor {
  actor_id: string;
  node_id: string;
}

/** Settles when nothing comes on the stream any more. */
async function ended({ stream }: Opened): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    while (await stream.read(buffer) !== null);
  } catch { /* it was cut */ }
}

const stateOf = async (head: Node, { record }: Node) =>
  (await head.status()).nodes.find(({ node_id }) => node_id === record.node_id);

const fifos = (count: number) =>
  Array.from({ length: count }, () => {
    const path = join(place.dir, "home", crypto.randomUUID());
    assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
    return path;
  });

for (const flags of [[], ["--tls"]]) {
  test(`${flags.join() || "without TLS"}: it is out under any name, what it opened ends, and calls of others go on`, async () => {
    const head = await place.node({ ip: "127.0.0.1", flags }).up(["--head", "--port", "0"]);
    const two = await place.join(head, { ip: "127.0.0.2" });
    const bad = await place.join(head, { ip: BAD });
    const hidden = await place.join(head, { ip: HIDDEN });
    const pipes = fifos(3);
    const ips = ["127.0.0.1", "127.0.0.2", HIDDEN];
    const args = [ips.join(), bad.record.node_id, ...pipes];
    const program = two.driver("put_out.py", args, { input: true });
    const { moving, pid } = await program.said();
    assert.equal(moving, BAD);

    if (flags.length === 0) {
      for (
        const [asker, called, words] of [
          [head, "nobody", /Cannot find a node called nobody: there are 127/],
          [two, "127.0.0.1", /Cannot put out the node 127\.0\.0\.1 .* it is the head's own/],
          [bad, BAD, /Cannot put out the node 127\.0\.0\.3 .* it is the node that asks/],
        ] as const
      ) {
        const { code, stderr } = await asker.cli(["token", "rotate", "--without", called]);
        assert.equal(code, 1);
        assert.match(stderr, words);
      }
    }
    const hostile = new Hostile(head);
    const idle = await hostile.link();
    assert.ok(hostile.keys.token === await idle.fetch());
    const { actors, nodes } = await head.status();
    const on = (node: Node) => actors.find(({ node_id }) => node_id === node.record.node_id)!;
    const { extra } = nodes.find(({ node_id }) => node_id === two.record.node_id)!;
    const { port, tls_name } = extra as { port: number; tls_name?: string };
    const streams = [
      await hostile.stream("caller", on(two), `127.0.0.2:${port}`, tls_name),
      await hostile.stream("relay", on(hidden)),
      await hostile.stream("relay", on(two)),
    ];
    const ends = Promise.all([idle.link.closed, ...streams.map(ended)]);
    // A driver of its own, that calls others.
    const own = bad.driver("put_out.py", ["127.0.0.1", bad.record.node_id], { input: true });
    await own.said();

    let over = false;
    const fetched = new Set<string>();
    const dialing = Promise.all(Array.from({ length: 4 }, async () => {
      while (!over) {
        const one = await hostile.link().catch(() => undefined);
        const text = await one?.fetch().catch(() => undefined);
        if (text !== undefined) fetched.add(text);
        one?.link.close();
      }
    }));
    const told = JSON.parse(await head.tell("token", "rotate", "--without", BAD, "--json"));
    assert.deepEqual([told.told.length, told.missing, told.without], [3, [], [bad.record.node_id]]);
    await soon("all that it had opened ends", ends);
    over = true;
    await dialing;
    const token = (await head.tell("token")).trim().split("~")[0]!;
    assert.ok(!fetched.has(token), "the new token was given away");
    await assert.rejects(hostile.link(), /this cluster's token was changed on .*a former one/);
    await assert.rejects(
      hostile.stream("caller", on(two), `127.0.0.2:${port}`, tls_name),
      /this cluster's token was changed on/,
    );
    await assert.rejects(hostile.stream("relay", on(two)), /this cluster's token was changed on/);

    const dead = await stateOf(head, bad);
    assert.equal(dead!.state, "dead");
    assert.match(
      dead!.death!.message,
      /^The node 127\.0\.0\.3 \(\w+…\) was lost: it was put out by `beam token rotate --without`\.$/,
    );
    assert.match(await head.tell("events"), /was put out by `beam token rotate --without`/);
    for (const path of pipes) await Deno.writeTextFile(path, "go");
    await program.tell("\n");
    const { done, asked, same, moved } = await program.said();
    assert.deepEqual([done, asked, same], [ips, ips.slice(1), true]);
    assert.notEqual(moved, BAD);

    await until("its worker has ended", () => !isRunning(pid));
    const { code, stderr } = await bad.cli(["status"]);
    assert.equal(code, 1);
    assert.match(stderr, /This node was put out by `beam token rotate --without`\.\n.*beam down/s);
    const log = await bad.tell("logs", "daemon");
    assert.match(log, /This node was put out by .*\. Its workers are ended\. .*beam down/);
    await own.tell("\n");
    assert.match((await own.end()).stderr, /put out by `beam token rotate --without`/);

    // The head's process comes back, and lets nobody in who was out.
    const former = head.headPid;
    signal(former, "SIGKILL");
    await until("it is back", async () => {
      const status = await head.status().catch(() => undefined);
      return status?.nodes.filter(({ state }) => state === "alive").length === 3;
    });
    await assert.rejects(hostile.link(), /this cluster's token was changed on/);
    await program.stop();
    for (const node of [bad, hidden, two, head]) await node.down();
  });
}
