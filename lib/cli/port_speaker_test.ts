import assert from "assert";
import { speakerAt, speakerOf } from "./port_speaker.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("who answers is told by the first bytes", () => {
  assert.equal(speakerOf(bytes("-ERR unknown command 'PRI'\r\n")), "a Redis server");
  assert.equal(speakerOf(bytes("-NOAUTH Authentication required.\r\n")), "a Redis server");
  assert.equal(speakerOf(bytes("HTTP/1.1 400 Bad Request\r\n")), "an HTTP server");
  assert.equal(speakerOf(bytes("SSH-2.0-OpenSSH_9.2\r\n")), "an SSH server");
  assert.match(
    speakerOf(new Uint8Array([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3])) ?? "",
    /^a gRPC server/,
  );
  assert.equal(speakerOf(new Uint8Array([0x15, 3, 1, 0, 2, 2, 70])), "a server that speaks TLS");
  assert.equal(speakerOf(bytes("hello")), undefined);
  assert.equal(speakerOf(new Uint8Array()), undefined);
});

Deno.test("a server of this machine's is known, and one that says nothing is not waited for", async () => {
  await using http = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(),
  );
  const { port } = http.addr;
  assert.match(await speakerAt({ host: "127.0.0.1", port }, 5000) ?? "", /HTTP|gRPC/);
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const mute = (silent.addr as Deno.NetAddr).port;
  assert.equal(await speakerAt({ host: "127.0.0.1", port: mute }, 30), undefined);
});
