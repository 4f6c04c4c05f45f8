/** Strangers at the ports: another version of the protocol, and what is no beam at all. */
import assert from "assert";
import { encodeFrame, FrameDecoder, STRANGER_LIMITS } from "../../lib/wire/frames.ts";
import { PROTOCOL_VERSION } from "../../lib/wire/messages.ts";
import { theme } from "./harness/scenario.ts";
import type { Node } from "./harness/node.ts";
import { soon } from "./harness/until.ts";

let head: Node;
const { place, test } = theme("protocol", async (place) => {
  head = await place.head();
});

const NEXT = PROTOCOL_VERSION + 1;

function hello(protocol: number, role = "node"): Uint8Array {
  const nonce = new Uint8Array(32);
  return encodeFrame({ kind: "hello", protocol, build: "9.9.9+next", role, nonce, secured: true });
}

/** Sends `bytes` to the head's port and reads to the end of the connection. */
async function answerTo(bytes: Uint8Array): Promise<Uint8Array> {
  const [hostname, port] = head.record.head_address.split(":");
  using stream = await Deno.connect({ hostname: hostname!, port: Number(port) });
  await stream.write(bytes);
  const parts: number[] = [];
  const buffer = new Uint8Array(4096);
  const read = async () => {
    for (let count; (count = await stream.read(buffer)) !== null;) {
      parts.push(...buffer.subarray(0, count));
    }
  };
  await soon("the end of the connection", read());
  return new Uint8Array(parts);
}

test("a dialer of another version is answered in words, naming both builds", async () => {
  const answer = await answerTo(hello(NEXT));
  const [frame] = new FrameDecoder(STRANGER_LIMITS).feed(answer);
  const { kind, code, message, mend } = frame!.header as unknown as Record<string, string>;
  assert.deepEqual([kind, code], ["refused", "version"]);
  assert.match(message!, new RegExp(`9\\.9\\.9\\+next \\(protocol ${NEXT}\\)`));
  assert.match(message!, new RegExp(head.record.build.replace("+", "\\+")));
  assert.match(mend!, /same beam/);
});

test("a joiner tells what a head of another version answers, and gives up at once", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const refuse = async () => {
    for await (const stream of listener) {
      await stream.read(new Uint8Array(4096));
      await stream.write(encodeFrame({
        kind: "refused",
        code: "version",
        message: `Cannot talk to build 0.1.0 (protocol ${PROTOCOL_VERSION}): this is build 9.9.9`,
        mend: "Copy the same beam file to every machine of the cluster.",
      }));
      stream.close();
    }
  };
  refuse().catch(() => {});
  const joiner = place.node({ ip: "127.0.0.2" });
  const address = `127.0.0.1:${listener.addr.port}`;
  const ending = await joiner.cli(["up", "--join", address, ...joiner.flags]);
  assert.equal(ending.code, 1);
  assert.match(ending.stderr, /this is build 9\.9\.9/);
  assert.match(ending.stderr, /Copy the same beam file/);
});

test("bytes of another protocol end their own connection and nothing else", async () => {
  const strangers = ["GET / HTTP/1.1\r\n\r\n".padEnd(64, "x"), "\xff".repeat(64), "\0".repeat(64)];
  for (const bytes of strangers) await answerTo(new TextEncoder().encode(bytes));
  assert.equal((await head.status()).nodes.length, 1);
});

test("bytes that mean nothing on the control socket end their own connection only", async () => {
  using stream = await Deno.connect({ transport: "unix", path: head.record.socket });
  await stream.write(new Uint8Array(64).fill(0xff));
  const end = await soon("the end of the connection", stream.read(new Uint8Array(4096)));
  assert.ok(end === null || end > 0);
  assert.equal((await head.status()).nodes.length, 1);
});
