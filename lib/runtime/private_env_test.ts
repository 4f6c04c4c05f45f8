import assert from "assert";
import { withoutPrivate } from "./private_env.ts";

Deno.test("tokens, their files and a template's orders are left out, the rest stays", () => {
  const kept = {
    PATH: "/bin",
    BEAM_NODE_IP: "10.0.0.1",
    RAY_AUTH_MODE: "token",
    A_BEAM_TOKEN: "x",
  };
  const secrets = {
    BEAM_TOKEN: "t",
    BEAM_TOKEN_FILE: "/t",
    BEAM_TEMPLATE: "{}",
    RAY_AUTH_TOKEN: "t",
    RAY_AUTH_TOKEN_PATH: "/t",
  };
  assert.deepEqual(withoutPrivate({ ...kept, ...secrets }), kept);
});
