import assert from "assert";
import { createdText, type JoinToken, listText, revokedText, rotatedText } from "./token_text.ts";

const HOUR = 3_600_000;
const token: JoinToken = {
  id: "0123456789abcdef",
  name: "rack-3",
  created: 0,
  expires: HOUR,
  revoked: null,
  uses: 2,
  state: "good",
};

Deno.test("a new join token is told with its line and its end", () => {
  const line = "BEAM_TOKEN=beam-join-x beam up --join 10.0.0.1:6379";
  const text = createdText({ ...token, line });
  assert.match(text, /0123456789abcdef \(rack-3\) is good until 1970-01-01 01:00 UTC/);
  assert.ok(text.includes(`\n  ${line}\n`));
  assert.match(text, /beam token revoke 0123456789abcdef$/);
});

Deno.test("the list has no secret, and says how long a former token is honoured", () => {
  assert.match(listText([], 0), /^No join tokens/);
  assert.deepEqual(listText([token, { ...token, id: "f".repeat(16), name: "" }], 0).split("\n"), [
    "ID                NAME    CREATED               EXPIRES               STATE  USES",
    "0123456789abcdef  rack-3  1970-01-01 00:00 UTC  1970-01-01 01:00 UTC  good      2",
    "ffffffffffffffff  -       1970-01-01 00:00 UTC  1970-01-01 01:00 UTC  good      2",
  ]);
  assert.match(listText([token], 90_000), /former token is honoured for 90 s more\.$/);
});

Deno.test("who is in stays in when a join token is revoked, and it is said what changes that", () => {
  assert.match(revokedText(token), /used 2 times.*`beam token rotate`/);
  assert.match(revokedText({ ...token, uses: 0 }), /Nobody joined by it\.$/);
});

Deno.test("a change names the nodes that do not have the new token", () => {
  const text = rotatedText({
    told: ["a".repeat(56)],
    missing: ["b".repeat(56)],
    file: "/home/me/.beam/token",
    grace_ms: 600_000,
    without: [],
  });
  assert.match(text, /1 of 2 connected nodes have it/);
  assert.match(text, /not yet: node bbbbbbbbbbbb\n/);
  assert.match(text, /honoured for 10 min/);
  assert.match(text, /\/home\/me\/\.beam\/token/);
});

Deno.test("who was put out is named, and that the former token opens nothing", () => {
  const text = rotatedText({
    told: ["a".repeat(56)],
    missing: ["b".repeat(56)],
    file: "/t",
    grace_ms: 0,
    without: ["c".repeat(56)],
  });
  assert.match(
    text,
    /^Node cccccccccccc was put out\.\n.* 1 of 2 nodes have it\.\n +not yet: node bbb/,
  );
  assert.match(text, /honoured no more: a node that is away, .* has to be started again/);
});
