import assert from "assert";
import { joinToken, joinTokenText, newJoinTokenId, parseJoinToken } from "./join_token.ts";
import { keyId, Keyring } from "./keyring.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const id = (text: string) => keyId(bytes(text));

Deno.test("a keyring proves with its token, names it by an id, and finds it by that", () => {
  const keys = new Keyring("secret");
  assert.deepEqual(keys.credential, { secret: bytes("secret"), key: id("secret") });
  assert.match(id("secret"), /^[0-9a-f]{16}$/);
  assert.deepEqual(keys.find(id("secret"), 0), bytes("secret"));
  assert.equal(keys.find(id("other"), 0), undefined);
  assert.equal(keys.isOpen, false);
  const open = new Keyring();
  assert.equal(open.isOpen, true);
  assert.equal(open.credential.secret.length, 0);
  assert.equal(open.find(id(""), 0), undefined);
});

Deno.test("a token that is taken besides is found, and used only when that is said", () => {
  const keys = new Keyring("first");
  keys.take("second");
  assert.equal(keys.token, "first");
  assert.deepEqual(keys.taken(0), ["first", "second"]);
  keys.use("second", 100, 200);
  assert.equal(keys.token, "second");
  assert.deepEqual(keys.taken(199), ["second", "first"]);
  assert.deepEqual(keys.taken(200), ["second"]);
  assert.equal(keys.find(id("first"), 200), undefined);
  assert.equal(keys.replacedAt(id("first")), 100);
  keys.use("second", 300, 400);
  assert.equal(keys.replacedAt(id("second")), undefined);
});

Deno.test("a join token is proven with until there is the token", () => {
  const made = joinToken(bytes("secret"), newJoinTokenId());
  const text = joinTokenText(made);
  assert.match(text, /^beam-join-[0-9a-f]{16}-[\w-]{43}$/);
  assert.deepEqual(parseJoinToken(text), made);
  assert.equal(new Keyring("secret").joinText(made.id), text);
  const keys = new Keyring(text);
  assert.deepEqual(keys.credential, { secret: made.secret, join: made.id });
  assert.equal(keys.isOpen, false);
  assert.equal(keys.token, undefined);
  keys.use("secret", 0, 0);
  assert.equal(keys.credential.join, undefined);
  assert.equal(keys.token, "secret");
  for (const other of ["", "beam-join-", `${text}x`, text.toUpperCase()]) {
    assert.equal(parseJoinToken(other), undefined);
  }
});
