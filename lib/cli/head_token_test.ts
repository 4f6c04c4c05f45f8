import assert from "assert";
import { Keyring } from "../wire/keyring.ts";
import { checkHeadToken, shortTokenWarning } from "./head_token.ts";

const found = (token: string) => ({ token, source: "BEAM_TOKEN", inEnvironment: true });

Deno.test("a head is not started with a join token, and the sentence does not show it", () => {
  const token = new Keyring("secret").joinText("0".repeat(16));
  assert.throws(() => checkHeadToken(found(token)), (error: Error) => {
    assert.match(error.message, /the token from BEAM_TOKEN: it is a join token/);
    assert.ok(!error.message.includes(token));
    return true;
  });
  checkHeadToken(found("secret"));
});

Deno.test("a short token is warned of without being shown", () => {
  const warning = shortTokenWarning(found("hunter2"));
  assert.match(warning ?? "", /the token from BEAM_TOKEN has 7 characters/);
  assert.ok(!warning?.includes("hunter2"));
  assert.equal(shortTokenWarning(found("x".repeat(16))), undefined);
});
