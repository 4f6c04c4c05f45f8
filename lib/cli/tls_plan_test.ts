import assert from "assert";
import { Trouble } from "../runtime/errors.ts";
import { givenToken, withAuthority } from "../runtime/token.ts";
import { UsageError } from "./command.ts";
import { tlsPlan } from "./tls_plan.ts";

const ID = "Ab_-".repeat(10) + "xyz";
const envOf = (variables: Record<string, string>) => (name: string) => variables[name];
const token = (text: string) => givenToken(undefined, envOf({ BEAM_TOKEN: text }))!;
const FILES = {
  RAY_USE_TLS: "1",
  RAY_TLS_SERVER_CERT: "/c",
  RAY_TLS_SERVER_KEY: "/k",
  RAY_TLS_CA_CERT: "/r",
};

Deno.test("a token as people pass it on is a token and an authority", () => {
  assert.equal(withAuthority("secret", undefined), "secret");
  const { token: secret, authority } = token(withAuthority("se~cret", ID));
  assert.deepEqual([secret, authority], ["se~cret", ID]);
  for (const plain of ["secret", "se~cret", `~${ID}`, `secret~${ID}x`, `secret~${ID.slice(1)}`]) {
    assert.deepEqual([token(plain).token, token(plain).authority], [plain, undefined]);
  }
});

Deno.test("a head speaks TLS where that is said, a joiner where its token says so", () => {
  const env = envOf({});
  const head = (wanted: boolean, text: string) =>
    tlsPlan({ wanted, isHead: true, token: token(text), env });
  assert.equal(head(false, "secret"), undefined);
  assert.deepEqual(head(true, "secret"), {});
  const seen = "it is never left out unseen";
  assert.deepEqual(head(false, `secret~${ID}`), { authority: ID }, seen);
  const join = (text: string) => tlsPlan({ wanted: false, isHead: false, token: token(text), env });
  assert.equal(join("secret"), undefined);
  assert.deepEqual(join(`secret~${ID}`), { authority: ID });
});

Deno.test("a head is given its authority's key, which a joiner has no use for", () => {
  const plan = (isHead: boolean, variables: Record<string, string> = {}) =>
    tlsPlan({
      wanted: false,
      isHead,
      token: token(`secret~${ID}`),
      authority: { called: "BEAM_TLS_AUTHORITY", text: "/key" },
      env: envOf(variables),
    });
  assert.deepEqual(plan(true), { authority: ID, key: "/key" });
  assert.deepEqual(plan(false), { authority: ID });
  assert.throws(() => plan(true, FILES), /both RAY_USE_TLS and BEAM_TLS_AUTHORITY/);
});

Deno.test("how long certificates are good can be said, and must be a time", () => {
  const plan = (seconds: string) =>
    tlsPlan({
      wanted: true,
      isHead: true,
      token: token("secret"),
      lifetime: { called: "BEAM_TLS_LIFETIME", text: seconds },
      env: envOf({}),
    });
  assert.deepEqual(plan("60"), { lifetime_ms: 60_000 });
  for (const wrong of ["0", "-1", "soon"]) assert.throws(() => plan(wrong), UsageError);
});

Deno.test("Ray's variables bring one's own, all of them, and with a token", () => {
  const plan = (env: Record<string, string>, text = "secret") =>
    tlsPlan({
      wanted: false,
      isHead: false,
      token: text === "" ? undefined : token(text),
      env: envOf(env),
    });
  assert.deepEqual(plan(FILES), { files: { certificate: "/c", key: "/k", roots: "/r" } });
  assert.deepEqual(plan({ ...FILES, RAY_USE_TLS: "0" }), undefined);
  assert.throws(() => plan({ RAY_USE_TLS: "1" }), (error: Trouble) => {
    assert.match(error.message, /RAY_TLS_SERVER_CERT is not set/);
    assert.match(error.mend!, /--tls/);
    return true;
  });
  assert.throws(() => plan(FILES, ""), /without a token/);
});
