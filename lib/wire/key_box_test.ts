import assert from "assert";
import { ProtocolError } from "./errors.ts";
import { KeyBoxReceiver, sealKey } from "./key_box.ts";

const SECRET = new Uint8Array(32).fill(1);
const TEXT = "the-cluster's-token";

Deno.test("what is sealed for a receiver it opens, and the text is not in the box", () => {
  const receiver = new KeyBoxReceiver();
  const sealed = sealKey(TEXT, receiver.public, SECRET);
  assert.equal(receiver.open(sealed, SECRET), TEXT);
  assert.ok(!new TextDecoder().decode(sealed.box).includes("token"));
  assert.notDeepEqual(sealKey(TEXT, receiver.public, SECRET).box, sealed.box);
});

Deno.test("another receiver, another connection, a changed byte: nothing is opened", () => {
  const receiver = new KeyBoxReceiver();
  const sealed = sealKey(TEXT, receiver.public, SECRET);
  const changed = sealed.box.with(20, sealed.box[20]! ^ 1);
  const attempts: (() => string)[] = [
    () => new KeyBoxReceiver().open(sealed, SECRET),
    () => receiver.open(sealed, SECRET.with(0, 2)),
    () => receiver.open({ ...sealed, box: changed }, SECRET),
    () => receiver.open({ ...sealed, box: sealed.box.subarray(0, 10) }, SECRET),
    () => receiver.open({ ...sealed, public: sealed.public.subarray(1) }, SECRET),
    () => receiver.open({ ...sealed, public: new KeyBoxReceiver().public }, SECRET),
  ];
  for (const attempt of attempts) assert.throws(attempt, ProtocolError);
  const low = new Uint8Array(receiver.public);
  low.fill(0, low.length - 32);
  assert.throws(() => sealKey(TEXT, low, SECRET), ProtocolError, "a point that all agree on");
});
