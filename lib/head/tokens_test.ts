import assert from "assert";
import { join } from "node:path";
import { RequestFailed } from "../wire/errors.ts";
import { dial } from "../wire/handshake.ts";
import { newJoinTokenId } from "../wire/join_token.ts";
import { KeyBoxReceiver } from "../wire/key_box.ts";
import { keyId, Keyring } from "../wire/keyring.ts";
import { fieldsOf, Link, type Received } from "../wire/link.ts";
import type { Message, RequestKind } from "../wire/messages.ts";
import { FakeClock, Folder, startHead, TOKEN } from "./_fakes.ts";
import { Head } from "./head.ts";
import { Journal } from "./journal.ts";

const HOUR = 3_600_000;
const id = (text: string) => keyId(new TextEncoder().encode(text));

/** A daemon's link to the head, and the token side of a daemon. */
class Dialed {
  readonly keys: Keyring;
  link!: Link;
  #secret!: Uint8Array;
  #wakes = new Set<() => void>();
  readonly heard: string[] = [];
  fetching: Promise<boolean> | undefined;
  /** Fetches only when the test says so. */
  slow = false;

  constructor(token: string, readonly node_id: string) {
    this.keys = new Keyring(token);
  }

  async open(port: number): Promise<this> {
    const stream = await Deno.connect({ hostname: "127.0.0.1", port });
    const identity = { build: "test", keys: this.keys };
    const opened = await dial(stream, { identity, role: "node", peer: "the head" });
    this.#secret = opened.secret;
    this.link = new Link(opened.stream, {
      peer: "the head",
      decoder: opened.decoder,
      onMessage: (received) => this.#take(received),
    }).start(opened.early);
    return this;
  }

  /** Asks for the cluster's token as a daemon does; the answer's `use`. */
  async fetch(): Promise<boolean> {
    const receiver = new KeyBoxReceiver();
    const { fields } = await this.link.request({ kind: "token.fetch", public: receiver.public });
    const text = receiver.open(fields, this.#secret);
    this.keys.take(text);
    this.link.send({ kind: "token.have", key: id(text) });
    if (fields.use || this.keys.token === undefined) this.keys.use(text, 0, 0);
    return fields.use;
  }

  async join(extra: Record<string, unknown> = {}, is_head = false): Promise<void> {
    const { node_id } = this;
    const node = {
      node_id,
      ip: "127.0.0.1",
      aliases: [],
      hostname: node_id,
      is_head,
      total: { CPU: 10_000 },
      gpu_ids: [],
      labels: {},
      port: 6380,
      extra,
    };
    await this.link.request({ kind: "node.join", node });
  }

  async ask(message: Message<RequestKind>): Promise<Record<string, unknown>> {
    const request: Record<string, unknown> = { ...message };
    const { fields } = await this.link.request({ kind: "client.request", client: "c", request });
    return fields as Record<string, unknown>;
  }

  async until(kind: string): Promise<void> {
    while (!this.heard.includes(kind)) {
      await new Promise<void>((resolve) => this.#wakes.add(resolve));
    }
  }

  #take(received: Received): void {
    const { kind } = received.message;
    this.heard.push(kind);
    if (kind === "token.changed" && !this.slow) {
      this.fetching = this.fetch();
      this.fetching.catch(() => {}); // the head may end meanwhile
    }
    if (kind === "token.use") {
      assert.ok(this.keys.find(fieldsOf(received, kind).key, 0), "used before it was fetched");
    }
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }
}

const node = (letter: string) => letter.repeat(56);

/** A head and a node of it that has the cluster's token. */
async function cluster(folder: Folder, clock = new FakeClock()) {
  const head = await startHead(folder, { clock });
  const manager = await new Dialed(TOKEN, node("a")).open(head.port);
  await manager.join();
  let closed: Promise<void> | undefined;
  const close = () => closed ??= head.close();
  return { head, clock, manager, close, [Symbol.asyncDispose]: close };
}

async function makeJoinToken(manager: Dialed, ttl_ms = HOUR, name?: string): Promise<string> {
  const token_id = newJoinTokenId();
  await manager.ask({ kind: "token.create", token_id, ttl_ms, ...(name ? { name } : {}) });
  return manager.keys.joinText(token_id);
}

function refused(words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof RequestFailed, `${error}`);
    assert.match(error.message, words);
    return true;
  };
}

Deno.test("a join token lets a node in until it expires, and hands it the cluster's token", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const token = await makeJoinToken(manager);
  const joiner = await new Dialed(token, node("b")).open(head.port);
  assert.equal(await joiner.fetch(), true);
  assert.equal(joiner.keys.token, TOKEN);
  await joiner.join({ join_token: "x" });
  const [listed] = (await manager.ask({ kind: "token.list" })).tokens as Record<string, unknown>[];
  assert.equal(listed!.uses, 1);
  assert.equal(listed!.state, "good");
  assert.ok(!JSON.stringify(listed).includes(token.split("-").at(-1)!));
  clock.pass(HOUR);
  await assert.rejects(
    new Dialed(token, node("c")).open(head.port),
    refused(/its join token [0-9a-f]{16} expired on 2023-11-14 23:13 UTC/),
  );
});

Deno.test("a revoked join token opens nothing, also after the head's restart; one that was never made neither", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { clock, manager } = made;
  const token = await makeJoinToken(manager, HOUR, "rack");
  const other = await makeJoinToken(manager);
  await assert.rejects(makeJoinToken(manager, HOUR, "rack"), refused(/there is one that is good/));
  await manager.ask({ kind: "token.revoke", token: "rack" });
  await assert.rejects(
    manager.ask({ kind: "token.revoke", token: "none" }),
    refused(/none of this id/),
  );
  await made.close();
  await using again = await startHead(folder, { clock });
  await assert.rejects(
    new Dialed(token, node("b")).open(again.port),
    refused(/its join token [0-9a-f]{16} \(rack\) was revoked/),
  );
  await assert.rejects(
    new Dialed(new Keyring(TOKEN).joinText("0".repeat(16)), node("b")).open(again.port),
    refused(/knows no join token 0000000000000000/),
  );
  (await new Dialed(other, node("b")).open(again.port)).link.close();
});

Deno.test("a change reaches all nodes before one uses it; the former token is honoured for its time", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const second = await new Dialed(TOKEN, node("b")).open(head.port);
  await second.join();
  const changed = await manager.ask({ kind: "token.rotate", change: "one", grace_ms: 60_000 });
  assert.deepEqual((changed.told as string[]).toSorted(), [node("a"), node("b")]);
  assert.deepEqual(changed.missing, []);
  await Promise.all([manager.until("token.use"), second.until("token.use")]);
  const token = Deno.readTextFileSync(join(folder.path, "token")).trim();
  assert.equal(Deno.statSync(join(folder.path, "token")).mode! & 0o777, 0o600);
  assert.notEqual(token, TOKEN);
  assert.ok(manager.keys.find(id(token), 0) && second.keys.find(id(token), 0));

  const again = await manager.ask({ kind: "token.rotate", change: "one", grace_ms: 60_000 });
  assert.deepEqual(again.missing, [], "asked again, it is the same change");
  assert.equal(Deno.readTextFileSync(join(folder.path, "token")).trim(), token);

  const late = await new Dialed(TOKEN, node("c")).open(head.port);
  await late.join();
  await late.until("token.changed");
  assert.equal(await late.fetching, true);
  await late.ask({ kind: "token.list" }); // the head has heard by now that it has the token
  clock.pass(60_001);
  await assert.rejects(
    new Dialed(TOKEN, node("d")).open(head.port),
    refused(/this cluster's token was changed on 2023-11-14 22:13 UTC, and it has a former one/),
  );
  (await new Dialed(token, node("d")).open(head.port)).link.close();
  await made.close();
  const journal = new Journal(join(folder.path, "head.db"));
  const kept = journal.records("keys") as { text: string | null }[];
  assert.deepEqual(kept.map(({ text }) => text), [null, token], "what is good no more is not kept");
  journal.close();
});

Deno.test("a connected node that is slow to get the new token is not cut off, without a grace time either", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const slow = await new Dialed(TOKEN, node("b")).open(head.port);
  slow.slow = true;
  await slow.join();
  const changing = manager.ask({ kind: "token.rotate", change: "x", grace_ms: 0 });
  await slow.until("token.changed");
  clock.pass(2000);
  assert.equal(await slow.fetch(), false);
  assert.deepEqual((await changing).missing, []);
  await slow.until("token.use");
  await assert.rejects(new Dialed(TOKEN, node("c")).open(head.port), refused(/was changed on/));
});

Deno.test("a node that gets the new token late, or joins while it is changed, is told to use it", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const late = await new Dialed(TOKEN, node("b")).open(head.port);
  late.slow = true;
  await late.join();
  const changing = manager.ask({ kind: "token.rotate", change: "x", grace_ms: 0 });
  await late.until("token.changed");
  const between = await new Dialed(TOKEN, node("c")).open(head.port);
  await between.join();
  await between.until("token.changed");
  assert.equal(await between.fetching, false, "the others do not know it yet");
  for (let seconds = 0; seconds < 6; seconds += 2) {
    clock.pass(2000);
    for (const one of [manager, late, between]) await one.ask({ kind: "token.list" });
  }
  assert.deepEqual((await changing).missing, [node("b")]);
  await between.until("token.use");
  late.slow = false;
  await late.fetch();
  await late.until("token.use");
});

Deno.test("who has a former token only is out when its time is over", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const token = await makeJoinToken(manager);
  const [, , token_id] = token.split("-");
  const out = await new Dialed(token, node("b")).open(head.port);
  await out.fetch();
  await out.join({ join_token: token_id });
  await assert.rejects(out.ask({ kind: "token.list" }), refused(/joined by a join token/));
  await manager.ask({ kind: "token.revoke", token: token_id! });
  const changed = await manager.ask({ kind: "token.rotate", change: "x", grace_ms: 1000 });
  assert.deepEqual(changed.missing, [node("b")]);
  assert.ok(!out.heard.includes("token.changed"));
  await assert.rejects(out.fetch(), refused(/the join token of this node was revoked/));
  clock.pass(1001);
  assert.match((await out.link.closed).message, /ended|closed/);
});

Deno.test("a restarted head goes on with the changed token, whatever its daemon says; a person is told", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  await manager.ask({ kind: "token.rotate", change: "x", grace_ms: 60_000 });
  const file = join(folder.path, "token");
  const token = Deno.readTextFileSync(file).trim();
  const { cluster: name, epoch } = head;
  await made.close();
  await assert.rejects(startHead(folder, { clock }), (error: Error & { mend: string }) => {
    assert.match(error.message, /the token that it was given was changed on 2023-11-14 22:13 UTC/);
    assert.ok(error.mend.includes(file) && !error.mend.includes(token));
    return true;
  });
  Deno.removeSync(file);
  const listen = { host: "127.0.0.1", port: 0 };
  const config = {
    listen,
    token: TOKEN,
    runtime_dir: folder.path,
    former: { cluster: name, epoch },
  };
  await using again = await Head.start(config, { clock });
  assert.equal(Deno.readTextFileSync(file).trim(), token);
  for (const good of [TOKEN, token]) {
    (await new Dialed(good, node("b")).open(again.port)).link.close();
  }
});

Deno.test("a token that a person sets takes the place of a changed one", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { clock, manager } = made;
  await manager.ask({ kind: "token.rotate", change: "x", grace_ms: HOUR });
  await made.close();
  await using again = await startHead(folder, { clock, token: "set-by-hand" });
  (await new Dialed("set-by-hand", node("b")).open(again.port)).link.close();
  await assert.rejects(
    new Dialed(manager.keys.taken(0).at(-1)!, node("b")).open(again.port),
    refused(/was changed on/),
  );
});

Deno.test("an open cluster has no tokens to manage", async () => {
  using folder = new Folder();
  await using head = await startHead(folder, { token: "" });
  const one = await new Dialed("", node("a")).open(head.port);
  await one.join();
  await assert.rejects(makeJoinToken(one), refused(/this cluster is open/));
  await assert.rejects(
    one.ask({ kind: "token.rotate", change: "x", grace_ms: 0 }),
    refused(/this cluster is open/),
  );
});

/** Asks for a change without these nodes. */
async function putOut(manager: Dialed, nodes: string[], change = "out") {
  return await manager.ask({ kind: "token.put_out", change, nodes });
}

Deno.test("who is put out is dead, told why, and gets the new token under no name", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const bad = await new Dialed(TOKEN, node("b")).open(head.port);
  await bad.join();
  const slow = await new Dialed(TOKEN, node("c")).open(head.port);
  slow.slow = true;
  await slow.join();
  const idle = await new Dialed(TOKEN, node("d")).open(head.port);
  await idle.fetch();
  const join_token = await makeJoinToken(manager);
  const early = await new Dialed(join_token, node("e")).open(head.port);

  const changing = putOut(manager, [node("b")]);
  await slow.until("token.changed");
  assert.match((await idle.link.closed).message, /ended|closed/);
  await early.link.closed;
  await bad.until("node.out");
  assert.ok(!bad.heard.includes("token.changed"));
  assert.equal(head.state.brain.node(node("b"))!.state, "dead");
  assert.match(
    head.state.brain.node(node("b"))!.death!.message,
    /was lost: it was put out by `beam token rotate --without`\.$/,
  );
  // In the middle of the change: by the former token, and by what was made from it.
  for (const [token, words] of [[TOKEN, /was changed on/], [join_token, /made before/]] as const) {
    await assert.rejects(new Dialed(token, node("f")).open(head.port), refused(words));
  }
  await slow.fetch();
  const { told, missing } = await changing;
  assert.deepEqual([(told as string[]).toSorted(), missing], [[node("a"), node("c")], []]);
  await slow.until("token.use");
  // What it says before its link ends is not heard; then it ends.
  bad.link.send({ kind: "client.gone", client: "c", job_id: "01000000", reason: "test" });
  clock.pass(1000);
  await bad.link.closed;
  const again = await putOut(manager, [node("b")]);
  assert.deepEqual(
    [again.told, again.missing],
    [told, missing],
    "asked again, it is the same change",
  );
});

Deno.test("a node that is slow gets it over the link that it has, and over no other", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  const bad = await new Dialed(TOKEN, node("b")).open(head.port);
  await bad.join();
  const [slow, lost, never] = await Promise.all(["c", "d", "e"].map(async (letter) => {
    const one = await new Dialed(TOKEN, node(letter)).open(head.port);
    one.slow = true;
    await one.join();
    return one;
  }));
  const changing = putOut(manager, [node("b")]);
  await slow!.until("token.changed");
  lost!.link.close();
  const all = [manager, slow!, never!];
  for (let seconds = 0; seconds < 6; seconds += 2) {
    clock.pass(2000);
    for (const one of all) await one.ask({ kind: "token.list" });
  }
  const { missing } = await changing;
  // The lost one has been declared dead.
  assert.deepEqual((missing as string[]).toSorted(), [node("c"), node("e")]);
  assert.equal(await slow!.fetch(), true);
  await slow!.until("token.use");
  await assert.rejects(new Dialed(TOKEN, node("d")).open(head.port), refused(/was changed on/));
  for (let seconds = 0; seconds < 60; seconds += 2) {
    clock.pass(2000);
    for (const one of [manager, slow!]) await one.ask({ kind: "token.list" });
  }
  await never!.link.closed;
});

Deno.test("a head that is restarted in the middle lets nobody in by any former token", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, clock, manager } = made;
  await manager.ask({ kind: "token.rotate", change: "one", grace_ms: HOUR });
  const second = Deno.readTextFileSync(head.state.keys.file).trim();
  const bad = await new Dialed(second, node("b")).open(head.port);
  await bad.join();
  const slow = await new Dialed(second, node("c")).open(head.port);
  slow.slow = true;
  await slow.join();
  const changing = putOut(manager, [node("b")]).catch(() => {});
  await slow.until("token.changed");
  const { cluster: name, epoch } = head;
  await made.close();
  await changing;
  const listen = { host: "127.0.0.1", port: 0 };
  const former = { cluster: name, epoch };
  const config = { listen, token: second, runtime_dir: folder.path, former };
  await using again = await Head.start(config, { clock });
  for (const token of [TOKEN, second]) {
    await assert.rejects(new Dialed(token, node("e")).open(again.port), refused(/was changed on/));
  }
  const token = Deno.readTextFileSync(join(folder.path, "token")).trim();
  const back = await new Dialed(token, node("a")).open(again.port);
  await back.join();
  assert.match(again.state.brain.node(node("b"))!.death!.message, /put out/);
  // Asked again by who has heard nothing, it is the same change.
  const { told, missing } = await putOut(back, [node("b")]);
  assert.deepEqual([told, missing], [[node("a")], [node("c")]]);
  assert.equal(Deno.readTextFileSync(join(folder.path, "token")).trim(), token);
});

Deno.test("a node that is not there, the head's own and the one that asks are not put out", async () => {
  using folder = new Folder();
  await using made = await cluster(folder);
  const { head, manager } = made;
  const own = await new Dialed(TOKEN, node("b")).open(head.port);
  await own.join({}, true);
  await assert.rejects(putOut(manager, [node("c")]), refused(/the cluster has none like it/));
  await assert.rejects(putOut(manager, [node("b")]), refused(/it is the head's own/));
  await assert.rejects(putOut(manager, [node("a")]), refused(/it is the node that asks/));
  await assert.rejects(putOut(manager, []), refused(/which node/));
  (await new Dialed(TOKEN, node("d")).open(head.port)).link.close();
});
