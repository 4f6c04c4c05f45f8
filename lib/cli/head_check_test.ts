import assert from "assert";
import { Trouble } from "../runtime/errors.ts";
import { RequestFailed } from "../wire/errors.ts";
import { accept } from "../wire/handshake.ts";
import { Keyring } from "../wire/keyring.ts";
import { checkHead } from "./head_check.ts";

/** A listener that opens as a head with this token would. */
async function withHead(
  token: string,
  body: (address: { host: string; port: number }) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const stream of listener) {
      await accept(stream, {
        identity: { build: "b", keys: new Keyring(token), cluster: "c" },
        roles: ["health"],
        peer: "somebody",
        now: 0,
      }).then(({ stream }) => stream.close(), () => {});
    }
  })();
  try {
    await body({ host: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port });
  } finally {
    listener.close();
    await serving;
  }
}

Deno.test("a head lets in who knows its token; an open one everybody", async () => {
  await withHead("secret", async (address) => {
    await checkHead(address, { tokens: [{ token: "stale" }, { token: "secret" }] });
    await assert.rejects(
      checkHead(address, { tokens: [] }),
      (error: unknown) => error instanceof RequestFailed && error.code === "token",
    );
  });
  await withHead("", async (address) => {
    await checkHead(address, { tokens: [{ token: "stale" }] });
    await checkHead(address, { tokens: [] });
  });
});

Deno.test("nobody there, or somebody who does not speak, is told in time", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  await assert.rejects(
    checkHead({ host: "127.0.0.1", port }, { tokens: [], timeout: 50 }),
    /50 ms/,
  );
  silent.close();
  await assert.rejects(
    checkHead({ host: "127.0.0.1", port }, { tokens: [] }),
    (error: unknown) => error instanceof Trouble && /nothing listens there/.test(error.message),
  );
});
