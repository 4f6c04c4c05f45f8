import assert from "assert";
import { setImmediate } from "node:timers";
import { FakeClock } from "../head/_fakes.ts";
import { pipe } from "../wire/_pipe.ts";
import { RequestFailed } from "../wire/errors.ts";
import { FrameDecoder } from "../wire/frames.ts";
import { Link, type Received } from "../wire/link.ts";
import { HeadLink, type HeadLinkHost } from "./head_link.ts";

type Head = (received: Received, link: Link) => void;

/** A node's link, and the heads that answer its dials, one after the other; the last one stays. */
function cluster(heads: Head[]) {
  const clock = new FakeClock();
  const told: string[] = [];
  const links: Link[] = [];
  const host: HeadLinkHost = {
    address: { host: "10.0.0.1", port: 6379 },
    identity: () => ({}) as ReturnType<HeadLinkHost["identity"]>,
    opened: () => Promise.resolve(),
    join: () => ({ kind: "node.join", node: {} }),
    message: ({ message }) => told.push(message.kind),
    joined: ({ epoch }) => told.push(`joined ${epoch}`),
    declaredDead: () => Promise.resolve(void told.push("declared dead")),
    log() {},
  };
  const open = () => {
    const [stream, other] = pipe();
    const head = heads.length > 1 ? heads.shift()! : heads[0]!;
    links.push(new Link(other, { peer: "the node", onMessage: head }).start());
    const decoder = new FrameDecoder();
    const secret = new Uint8Array(32);
    const opened = { stream, decoder, early: [], role: "node" as const, cluster: "c", secret };
    return Promise.resolve({ opened, local: "10.0.0.2" });
  };
  const link = new HeadLink(host, { clock, open });
  const until = async (done: () => boolean) => {
    while (!done()) {
      clock.pass(50);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  return { link, links, told, until };
}

const answer = (epoch: number, ...orders: ("worker.stop")[]): Head => (received, link) => {
  if (received.message.kind !== "node.join") return;
  const ips = { node_ip: "10.0.0.2", head_ip: "10.0.0.1" };
  link.reply(received, "node.join", { cluster: "c", epoch, ...ips });
  for (const kind of orders) link.send({ kind, actor_id: "a", incarnation: 1, report: {} });
};

Deno.test("an earlier head is not joined, and what it orders is not done", async () => {
  const { link, links, told, until } = cluster([answer(2), answer(1, "worker.stop"), answer(3)]);
  await link.start(1000, () => {});
  links[0]!.close();
  await until(() => told.length === 2);
  assert.deepEqual(told, ["joined 2", "joined 3"]);
  link.close();
});

Deno.test("orders that come in one breath with the answer are done after it", async () => {
  const { link, told, until } = cluster([answer(1, "worker.stop")]);
  await link.start(1000, () => {});
  await until(() => told.length === 2);
  assert.deepEqual(told, ["joined 1", "worker.stop"]);
  link.close();
});

Deno.test("a node that was given up while it joined takes another id", async () => {
  const refuse: Head = (received, link) =>
    link.refuse(received, new RequestFailed("declared_dead", "This node was declared dead."));
  const { link, told, until } = cluster([refuse, answer(1)]);
  const started = link.start(60_000, () => {});
  await until(() => told.length === 2);
  await started;
  assert.deepEqual(told, ["declared dead", "joined 1"]);
  link.close();
});

Deno.test("a node that is refused later on knows why, and what to do", async () => {
  const refuse: Head = (received, link) =>
    link.refuse(received, new RequestFailed("cluster", "It is another's.", "Join this one."));
  const { link, links, until } = cluster([answer(1), refuse]);
  await link.start(1000, () => {});
  links[0]!.close();
  await until(() => link.away?.mend !== undefined);
  assert.deepEqual([link.away?.why, link.away?.mend], ["It is another's", "Join this one."]);
  link.close();
});

Deno.test("what was asked before the link broke is asked again, and answered once", async () => {
  const asked: unknown[] = [];
  const silent: Head = (received, link) => {
    if (received.message.kind === "client.request") asked.push(received.message);
    else answer(1)(received, link);
  };
  const talking: Head = (received, link) => {
    silent(received, link);
    if (received.message.kind === "client.request") {
      link.passOn(received, { fine: true }, new Uint8Array(0));
    }
  };
  const { link, links, until } = cluster([silent, talking]);
  await link.start(1000, () => {});
  const request = { kind: "client.request" as const, client: "c", request: {}, ask: "a:1" };
  let answers = 0;
  link.ask(request, new Uint8Array(0)).then(() => answers++);
  await until(() => asked.length === 1);
  links[0]!.close();
  await until(() => answers === 1);
  assert.equal(asked.length, 2);
  assert.deepEqual(asked.map((one) => (one as { ask: string }).ask), ["a:1", "a:1"]);
  link.close();
});

Deno.test("a start that is given up while the head is dialed does not join any more", async () => {
  const { link, told, until } = cluster([answer(1)]);
  link.host.opened = () => {
    void link.stop("it is not wanted");
    return Promise.resolve();
  };
  link.host.join = () => {
    told.push("join");
    return { kind: "node.join", node: {} };
  };
  let failed = false;
  link.start(1000, () => {}).catch(() => failed = true);
  await until(() => failed);
  assert.deepEqual(told, []);
});

Deno.test("a node declared dead that cannot write its new record joins all the same", async () => {
  const dead: Head = (received, link) =>
    link.refuse(received, new RequestFailed("declared_dead", "this node was declared dead"));
  const { link, links, told, until } = cluster([answer(1), dead, answer(1)]);
  link.host.declaredDead = () => Promise.reject(new Error("No space left on device"));
  const starting = link.start(1000, () => {});
  await until(() => told.length === 1);
  await starting;
  links[0]!.close();
  await until(() => told.length === 2);
  assert.deepEqual(told, ["joined 1", "joined 1"]);
  link.close();
});
