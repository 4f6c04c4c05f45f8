import assert from "assert";
import { pipe } from "../wire/_pipe.ts";
import { sealKey } from "../wire/key_box.ts";
import { keyId, Keyring } from "../wire/keyring.ts";
import { fieldsOf, Link } from "../wire/link.ts";
import { TokenKeeper, type TokenKeeperHost } from "./token_keeper.ts";

const SECRET = new Uint8Array(32).fill(7);
const id = (text: string) => keyId(new TextEncoder().encode(text));

/** A node that has the token `old`, and a head that hands `new` out, to be used later. */
async function keeper(more: Partial<TokenKeeperHost> = {}) {
  const [stream, other] = pipe();
  new Link(other, {
    peer: "the node",
    onMessage(received, head) {
      if (received.message.kind !== "token.fetch") return;
      const box = sealKey("new", fieldsOf(received, "token.fetch").public, SECRET);
      head.reply(received, "token.fetch", { ...box, use: false, former_ms: 0 });
    },
  }).start();
  const link = new Link(stream, { peer: "the head", onMessage() {} }).start();
  const keys = new Keyring("old");
  const used: string[] = [];
  const host = { changed: (text: string) => used.push(text), log() {}, ...more } as TokenKeeperHost;
  const made = new TokenKeeper(keys, host, () => 1000);
  await made.opened(link, SECRET);
  return { keeper: made, keys, used, link };
}

Deno.test("a token that was fetched before the link broke is used where the former one is refused", async () => {
  const { keeper: one, keys, used, link } = await keeper();
  assert.equal(one.refused(), false, "there is no other");
  await one.changed(link);
  assert.equal(keys.token, "old");
  assert.equal(one.refused(), true);
  assert.deepEqual([keys.token, used], ["new", ["new"]]);
  assert.equal(keys.find(id("old"), 1000), undefined);
  assert.equal(one.refused(), false);
  link.close();
});

Deno.test("the head's own node takes the token that its head keeps", async () => {
  const { keeper: one, keys, link } = await keeper({ kept: () => "kept" });
  assert.equal(one.refused(), true);
  assert.equal(keys.token, "kept");
  assert.equal(one.refused(), false);
  link.close();
});

Deno.test("a token that takes the place of another ends the time of those before it", async () => {
  const { keeper: one, keys, link } = await keeper();
  keys.take("older", Infinity);
  await one.changed(link);
  one.use({ key: id("new"), former_ms: 500 });
  assert.deepEqual(["older", "old", "new"].map((text) => !!keys.find(id(text), 1400)), [
    true,
    true,
    true,
  ]);
  assert.deepEqual(["older", "old", "new"].map((text) => !!keys.find(id(text), 1500)), [
    false,
    false,
    true,
  ]);
  link.close();
});
