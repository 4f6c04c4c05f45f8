import assert from "assert";
import { checkHost, checkOrigin, checkToken, type Doorkeeper } from "./auth.ts";
import { HttpFailure } from "./http_failure.ts";

const inside: Doorkeeper = { tokens: () => ["secret", "other"], names: [], loopbackOnly: true };
const outside: Doorkeeper = { ...inside, names: ["node1"], loopbackOnly: false };

function status(check: () => void): number {
  try {
    check();
    return 200;
  } catch (error) {
    assert.ok(error instanceof HttpFailure);
    return error.status;
  }
}

Deno.test("a server on loopback is called by loopback's names only", () => {
  const asked = (host: string) => status(() => checkHost(new Headers({ host }), inside));
  for (
    const own of [
      "localhost",
      "localhost:8265",
      "LOCALHOST",
      "127.0.0.1:1",
      "127.9.9.9",
      "[::1]:8265",
    ]
  ) {
    assert.equal(asked(own), 200, own);
  }
  for (
    const strange of [
      "evil.example",
      "10.0.0.1:8265",
      "localhost.evil.example",
      "127.evil.example",
      "127.0.0.1.evil.example",
      "localhost:x",
      "",
      "a@localhost",
    ]
  ) {
    assert.equal(asked(strange), 403, strange);
  }
  assert.equal(status(() => checkHost(new Headers(), inside)), 403);
});

Deno.test("a server that other machines reach is called by its names and by addresses", () => {
  const asked = (host: string) => status(() => checkHost(new Headers({ host }), outside));
  for (const own of ["localhost", "10.0.0.1:8265", "NODE1:8265", "[fd00::1]:8265"]) {
    assert.equal(asked(own), 200, own);
  }
  for (const strange of ["evil.example", "node1.evil.example", "10.0.0.1.evil.example"]) {
    assert.equal(asked(strange), 403, strange);
  }
});

Deno.test("a name that was allowed is one on loopback too", () => {
  const door = { ...inside, names: ["head.svc"] };
  assert.equal(status(() => checkHost(new Headers({ host: "head.svc:8265" }), door)), 200);
  assert.equal(status(() => checkHost(new Headers({ host: "10.0.0.1" }), door)), 403);
});

Deno.test("pages of other origins are refused, programs and own pages are not", () => {
  const asked = (headers: Record<string, string>) =>
    status(() => checkOrigin(new Headers({ host: "localhost:8265", ...headers })));
  assert.equal(asked({}), 200);
  assert.equal(asked({ origin: "http://localhost:8265" }), 200);
  assert.equal(asked({ "sec-fetch-site": "same-origin" }), 200);
  assert.equal(asked({ "sec-fetch-site": "none" }), 200);
  assert.equal(asked({ origin: "http://localhost:8266" }), 403);
  assert.equal(asked({ origin: "https://localhost:8265" }), 403);
  assert.equal(asked({ origin: "null" }), 403);
  assert.equal(asked({ "sec-fetch-site": "same-site" }), 403);
});

Deno.test("every token opens, nothing else does", () => {
  const asked = (headers: Record<string, string>) =>
    status(() => checkToken(new Headers(headers), inside));
  assert.equal(asked({ authorization: "Bearer secret" }), 200);
  assert.equal(asked({ authorization: "bearer other" }), 200);
  const authority = "A".repeat(43);
  assert.equal(asked({ authorization: `Bearer secret~${authority}` }), 200, "as it is passed on");
  assert.equal(asked({ authorization: `Bearer secre~${authority}` }), 403);
  assert.equal(asked({ "x-ray-authorization": "Bearer secret" }), 200);
  assert.equal(asked({}), 401);
  assert.equal(asked({ cookie: "ray-authentication-token=secret" }), 401);
  assert.equal(asked({ authorization: "Bearer secre" }), 403);
  assert.equal(asked({ authorization: "Bearer" }), 403);
  assert.equal(asked({ authorization: "Basic secret" }), 403);
  assert.equal(
    asked({ authorization: "Bearer wrong", "x-ray-authorization": "Bearer secret" }),
    403,
  );
});
