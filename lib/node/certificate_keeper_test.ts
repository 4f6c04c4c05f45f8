import assert from "assert";
import type { Clock } from "../runtime/clock.ts";
import type { Certificate } from "../wire/authority.ts";
import { RequestFailed } from "../wire/errors.ts";
import { Link, type Received } from "../wire/link.ts";
import { pipe } from "../wire/_pipe.ts";
import { CertificateKeeper } from "./certificate_keeper.ts";

/** A clock that is moved; it runs what is due. */
class MovedClock implements Clock {
  #now = 0;
  #due = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    this.#due.set(run, this.#now + ms);
    return () => this.#due.delete(run);
  }

  every(): never {
    throw new Error("nobody asks for this");
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const [run, at] of [...this.#due]) {
      if (at <= this.#now && this.#due.delete(run)) run();
    }
  }
}

/** A head that gives numbered certificates of 900 ms. */
function setUp() {
  const clock = new MovedClock();
  const shown: Certificate[] = [];
  const lines: string[] = [];
  const asked: Received[] = [];
  let refuses = false;
  const [a, b] = pipe();
  const link = new Link(a, { peer: "the head", onMessage() {} }).start();
  const head = new Link(b, {
    peer: "the node",
    onMessage(received) {
      asked.push(received);
      if (refuses) return head.refuse(received, new RequestFailed("busy", "Not now"));
      const certificate = `certificate ${asked.length}`;
      const fields = { certificate, until: clock.now() + 90_000, lifetime: 90_000 };
      head.reply(received, "node.certify", fields);
    },
  }).start();
  const keeper = new CertificateKeeper({
    exchange: (certificate) => shown.push(certificate),
    log: (_level, text) => lines.push(text),
  }, clock);
  const settle = async (count: number) => {
    while (asked.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
    await link.flushed();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    clock,
    shown,
    lines,
    asked,
    link,
    keeper,
    settle,
    refuse: (does: boolean) => refuses = does,
    [Symbol.dispose]() {
      keeper.close();
      link.close();
      head.close();
    },
  };
}

Deno.test("a certificate is asked for once, and again after two thirds of its time, for one key", async () => {
  using one = setUp();
  await one.keeper.opened(one.link);
  assert.equal(one.keeper.certificate?.certificate, "certificate 1");
  assert.equal(one.shown.length, 0, "the port is opened with it");
  one.clock.pass(59_000);
  assert.equal(one.asked.length, 1);
  one.clock.pass(1000);
  await one.settle(2);
  assert.deepEqual(one.shown.map(({ certificate }) => certificate), ["certificate 2"]);
  assert.equal(one.shown[0]!.name, one.keeper.certificate!.name);
  one.clock.pass(60_000);
  await one.settle(3);
  assert.equal(one.shown.length, 2);
});

Deno.test("a head that gives none is asked again, and another link asks at once", async () => {
  using one = setUp();
  one.refuse(true);
  await assert.rejects(one.keeper.opened(one.link), { code: "busy" });
  one.refuse(false);
  await one.keeper.opened(one.link);
  one.refuse(true);
  one.clock.pass(60_000);
  await one.settle(3);
  assert.match(one.lines[0]!, /was not renewed: Not now/);
  await one.keeper.opened(one.link);
  assert.equal(one.lines.length, 2, "the one that there is stays");
  one.refuse(false);
  one.clock.pass(3000);
  await one.settle(5);
  assert.equal(one.shown.length, 1);
});
