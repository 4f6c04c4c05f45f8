import assert from "assert";
import { join } from "node:path";
import { tokenText } from "../runtime/token.ts";
import { openAuthority } from "../wire/authority.ts";
import { madeAheadText, makeAhead } from "./token_new.ts";

Deno.test("a token names the authority whose key was made with it; both are this user's alone, and stay", async () => {
  const parent = Deno.makeTempDirSync();
  try {
    const dir = join(parent, "secret");
    const made = await makeAhead(dir);
    const text = Deno.readTextFileSync(made.token_file).trim();
    const { token, authority } = tokenText(text, "a file");
    assert.equal(token.length, 43);
    const key = Deno.readTextFileSync(made.authority_file);
    assert.equal((await openAuthority(key)).id, authority);
    for (const path of Object.values(made)) assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
    assert.equal(Deno.statSync(dir).mode! & 0o777, 0o700);
    assert.ok(!madeAheadText(made).includes(token));
    await assert.rejects(makeAhead(dir), /authority\.key is there already/);
    Deno.removeSync(made.authority_file);
    await assert.rejects(makeAhead(dir), /secret\/token is there already/);
    assert.equal(Deno.readTextFileSync(made.token_file).trim(), text);
    assert.throws(() => Deno.statSync(made.authority_file), Deno.errors.NotFound);
    await assert.rejects(makeAhead(made.token_file), /Cannot make a token in/);
  } finally {
    Deno.removeSync(parent, { recursive: true });
  }
});
