import assert from "assert";
import { Strangers } from "./strangers.ts";

class Fake {
  closed = false;
  constructor(readonly name: string) {}
  close(): void {
    this.closed = true;
  }
}

/** Adds `count` from one address; what they are. */
function addMany(strangers: Strangers, address: string, count: number): Fake[] {
  return Array.from({ length: count }, (_, at) => {
    const one = new Fake(`${address} ${at}`);
    strangers.add(address, one);
    return one;
  });
}

const closedOf = (fakes: Fake[]) => fakes.filter((one) => one.closed).map((one) => one.name);

Deno.test("one address is in its own way only: its oldest goes", () => {
  const strangers = new Strangers({ each: 3, all: 10 });
  const other = addMany(strangers, "10.0.0.9", 1);
  const many = addMany(strangers, "10.0.0.1", 5);
  assert.deepEqual(closedOf(many), ["10.0.0.1 0", "10.0.0.1 1"]);
  assert.deepEqual(closedOf(other), []);
  assert.equal(strangers.size, 4);
});

Deno.test("where all is taken, the address with the most makes room", () => {
  const strangers = new Strangers({ each: 8, all: 10 });
  const few = addMany(strangers, "10.0.0.1", 2);
  const many = addMany(strangers, "10.0.0.2", 8);
  const late = addMany(strangers, "10.0.0.3", 2);
  assert.deepEqual(closedOf(many), ["10.0.0.2 0", "10.0.0.2 1"]);
  assert.deepEqual(closedOf([...few, ...late]), []);
  assert.equal(strangers.size, 10);
});

Deno.test("who is let in, or gone, takes no room", () => {
  const strangers = new Strangers({ each: 2, all: 4 });
  for (let at = 0; at < 10; at++) {
    const one = new Fake(`${at}`);
    strangers.add("10.0.0.1", one);
    strangers.delete("10.0.0.1", one);
    strangers.delete("10.0.0.1", one);
    assert.equal(one.closed, false);
  }
  assert.equal(strangers.size, 0);
});

Deno.test("a network of IPv6 addresses is one source; an IPv4 address in IPv6's spelling is itself", () => {
  const strangers = new Strangers({ each: 1, all: 10 });
  const sameNetwork = [new Fake("a"), new Fake("b")];
  strangers.add("2001:db8:0:1::1", sameNetwork[0]!);
  strangers.add("2001:db8:0:1:ffff::2", sameNetwork[1]!);
  assert.deepEqual(closedOf(sameNetwork), ["a"]);
  const two = [new Fake("c"), new Fake("d")];
  strangers.add("::ffff:10.0.0.1", two[0]!);
  strangers.add("::ffff:10.0.0.2", two[1]!);
  assert.deepEqual(closedOf(two), []);
  strangers.close();
  assert.deepEqual(closedOf([...sameNetwork, ...two]), ["a", "b", "c", "d"]);
});
