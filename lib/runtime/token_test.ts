import assert from "assert";
import { join } from "node:path";
import { Trouble } from "./errors.ts";
import type { Env } from "./paths.ts";
import { givenToken, keptToken, makeToken, newToken, wantsToken } from "./token.ts";

const envOf = (values: Record<string, string>): Env => (name) => values[name];

function withDir(body: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync({ prefix: "token" });
  try {
    body(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("a token is made once, for its owner's eyes", () => {
  withDir((dir) => {
    const path = join(dir, "token");
    assert.equal(keptToken(path), undefined);
    const made = makeToken(path);
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.deepEqual(makeToken(path), made);
    assert.deepEqual(keptToken(path), made);
    assert.match(made.token, /^[\w-]{43}$/);
    assert.notEqual(newToken(), newToken());
  });
});

Deno.test("given tokens: the flag, then beam's variables, then Ray's", () => {
  withDir((dir) => {
    const file = (name: string) => {
      Deno.writeTextFileSync(join(dir, name), ` ${name}\n`);
      return join(dir, name);
    };
    const variables: [string, string, string][] = [
      ["RAY_AUTH_TOKEN_PATH", file("rays-file"), "rays-file"],
      ["RAY_AUTH_TOKEN", "rays", "rays"],
      ["BEAM_TOKEN_FILE", file("beams-file"), "beams-file"],
      ["BEAM_TOKEN", "beams", "beams"],
    ];
    const env: Record<string, string> = { HOME: dir };
    assert.equal(givenToken(undefined, envOf(env)), undefined);
    for (const [name, value, token] of variables) {
      env[name] = value;
      const found = givenToken(undefined, envOf(env));
      assert.equal(found?.token, token);
      assert.ok(found?.source.startsWith(name));
    }
    assert.equal(givenToken(file("flag"), envOf(env))?.token, "flag");
  });
});

Deno.test("RAY_AUTH_MODE=token takes Ray's own file, where there is one", () => {
  withDir((dir) => {
    const env = envOf({ HOME: dir, RAY_AUTH_MODE: "TOKEN" });
    assert.equal(wantsToken(env), true);
    assert.equal(wantsToken(envOf({ RAY_AUTH_MODE: "disabled" })), false);
    assert.equal(givenToken(undefined, env), undefined);
    Deno.mkdirSync(join(dir, ".ray"));
    Deno.writeTextFileSync(join(dir, ".ray/auth_token"), "from-ray");
    assert.equal(givenToken(undefined, env)?.token, "from-ray");
    assert.equal(givenToken(undefined, envOf({ HOME: dir })), undefined);
  });
});

Deno.test("a token that is none is refused without being shown", () => {
  withDir((dir) => {
    Deno.writeTextFileSync(join(dir, "empty"), "\n");
    const refuses = (body: () => unknown, words: RegExp) =>
      assert.throws(
        body,
        (error: unknown) => error instanceof Trouble && words.test(error.message),
      );
    refuses(() => givenToken(join(dir, "empty"), envOf({})), /--token-file .*it is empty/);
    refuses(() => givenToken(join(dir, "absent"), envOf({})), /No such file/);
    refuses(() => givenToken(undefined, envOf({ BEAM_TOKEN: "my secret" })), /^((?!secret).)*$/);
    refuses(() => givenToken(undefined, envOf({ BEAM_TOKEN: "x".repeat(1025) })), /1025/);
  });
});

Deno.test("RAY_AUTH_MODE=disabled leaves Ray's variables out, and a mode that is none is told", () => {
  const env = { RAY_AUTH_TOKEN: "rays", RAY_AUTH_MODE: "disabled" };
  assert.equal(givenToken(undefined, envOf(env)), undefined);
  assert.equal(givenToken(undefined, envOf({ ...env, BEAM_TOKEN: "beams" }))?.token, "beams");
  assert.throws(() => wantsToken(envOf({ RAY_AUTH_MODE: "yes" })), (error: Trouble) => {
    assert.match(error.message, /RAY_AUTH_MODE=yes: it must be token or disabled/);
    return true;
  });
});
