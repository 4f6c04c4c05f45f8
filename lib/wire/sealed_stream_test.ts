import assert from "assert";
import fc from "fast-check";
import { LinkClosed, ProtocolError } from "./errors.ts";
import { writeAll } from "./link.ts";
import { pipe, type PipeEnd } from "./_pipe.ts";
import { RECORD_SIZE, SealedStream, type Side } from "./sealed_stream.ts";

const SECRET = new Uint8Array(32).fill(9);

function sealed(stream: PipeEnd, side: Side, secret = SECRET): SealedStream {
  return new SealedStream(stream, { secret, side, peer: "the head" });
}

/** Everything until the end, or until it throws. */
async function readAll(
  stream: SealedStream,
  size = 1000,
): Promise<{ bytes: Uint8Array; error?: Error }> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(size);
  try {
    for (let n = await stream.read(buffer); n !== null; n = await stream.read(buffer)) {
      parts.push(buffer.slice(0, n));
    }
    return { bytes: joined(parts) };
  } catch (error) {
    return { bytes: joined(parts), error: error as Error };
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** The records that a dialer makes of these texts, the last of them the end. */
async function recordsOf(texts: readonly Uint8Array[], secret = SECRET): Promise<Uint8Array[]> {
  const [a] = pipe();
  const stream = sealed(a, "dialer", secret);
  for (const text of texts) await writeAll(stream, text);
  await stream.closeWrite();
  return a.written;
}

/** What a listener makes of these bytes. */
async function heard(bytes: Uint8Array): Promise<{ bytes: Uint8Array; error?: Error }> {
  const [a, b] = pipe();
  if (bytes.length > 0) await writeAll(a, bytes);
  await a.closeWrite();
  return await readAll(sealed(b, "listener"));
}

const TEXTS = ["first", "second one", "third"].map((text) => new TextEncoder().encode(text));

Deno.test("bytes arrive whole and in order both ways, in pieces of any size", async () => {
  const texts = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      texts,
      texts,
      fc.integer({ min: 1, max: 4000 }),
      fc.integer({ min: 1, max: 4000 }),
      async (there, back, piece, size) => {
        const [a, b] = pipe({ piece });
        const [dialer, listener] = [sealed(a, "dialer"), sealed(b, "listener")];
        const send = async (stream: SealedStream, texts: Uint8Array[]) => {
          for (const text of texts) await writeAll(stream, text);
          await stream.closeWrite();
        };
        const [, , atListener, atDialer] = await Promise.all([
          send(dialer, there),
          send(listener, back),
          readAll(listener, size),
          readAll(dialer, size),
        ]);
        assert.deepEqual(atListener, { bytes: joined(there) });
        assert.deepEqual(atDialer, { bytes: joined(back) });
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("more than a record, and more than a write takes, arrives whole", async () => {
  for (const length of [RECORD_SIZE - 1, RECORD_SIZE, RECORD_SIZE + 1, 5 * RECORD_SIZE + 7]) {
    const bytes = new Uint8Array(length).map((_, at) => at % 251);
    const [a, b] = pipe();
    const dialer = sealed(a, "dialer");
    await writeAll(dialer, bytes);
    await dialer.closeWrite();
    const { bytes: arrived, error } = await readAll(sealed(b, "listener"), 100_000);
    assert.equal(error, undefined);
    assert.ok(same(arrived, bytes));
  }
});

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

Deno.test("a byte changed anywhere, by any bit, ends the connection before it is handed out", async () => {
  const records = await recordsOf(TEXTS);
  const whole = joined(records);
  const text = joined(TEXTS);
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [1, 0x80]) {
      const changed = whole.slice();
      changed[at]! ^= flip;
      const { bytes, error } = await heard(changed);
      assert.ok(
        error instanceof ProtocolError || error instanceof LinkClosed,
        `byte ${at}: ${error}`,
      );
      assert.deepEqual(bytes, text.subarray(0, bytes.length), `byte ${at}`);
      assert.ok(bytes.length < text.length || at >= whole.length - records.at(-1)!.length);
    }
  }
});

Deno.test("cut anywhere, it says so", async () => {
  const whole = joined(await recordsOf(TEXTS));
  for (let at = 0; at < whole.length; at++) {
    const { error } = await heard(whole.subarray(0, at));
    assert.ok(error instanceof LinkClosed, `byte ${at}: ${error}`);
    assert.match(error.message, /the head ended the connection/);
  }
  assert.equal((await heard(whole)).error, undefined);
});

Deno.test("records that are repeated, left out, moved or made up do not fit", async () => {
  const [one, two, three, end] = await recordsOf(TEXTS) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const madeUp = new Uint8Array(one.length);
  madeUp[3] = 5;
  const orders: Record<string, Uint8Array[]> = {
    repeated: [one, one, two, three, end],
    "left out": [one, three, end],
    moved: [two, one, three, end],
    "ended early": [one, end],
    "made up": [one, madeUp],
  };
  for (const [name, records] of Object.entries(orders)) {
    const { bytes, error } = await heard(joined(records));
    assert.ok(error instanceof ProtocolError, `${name}: ${error}`);
    assert.match(error.message, /changed on the way/);
    const first = name === "moved" ? 0 : TEXTS[0]!.length;
    assert.equal(bytes.length, first, name);
  }
});

Deno.test("what was sent is no answer, and nothing fits another connection", async () => {
  const [a, b] = pipe();
  const dialer = sealed(a, "dialer");
  await writeAll(dialer, TEXTS[0]!);
  for (const record of a.written) await writeAll(b, record);
  assert.ok((await readAll(dialer)).error instanceof ProtocolError, "reflected");

  const elsewhere = await recordsOf(TEXTS, new Uint8Array(32).fill(8));
  assert.ok((await heard(joined(elsewhere))).error instanceof ProtocolError, "another connection");
});

Deno.test("a broken seal stays broken, and a length that lies makes no room", async () => {
  const [a, b] = pipe();
  const listener = sealed(b, "listener");
  await writeAll(a, new Uint8Array([0xff, 0xff, 0xff, 0xff]));
  await assert.rejects(listener.read(new Uint8Array(10)), ProtocolError);
  for (const record of await recordsOf(TEXTS)) await writeAll(a, record);
  await assert.rejects(listener.read(new Uint8Array(10)), ProtocolError);
});

Deno.test("a reader waits for a whole record", async () => {
  const [record] = await recordsOf(TEXTS);
  const [a, b] = pipe();
  let read = -1;
  const reading = sealed(b, "listener").read(new Uint8Array(10)).then((count) => read = count!);
  await writeAll(a, record!.subarray(0, -1));
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.equal(read, -1);
  await writeAll(a, record!.subarray(-1));
  await reading;
  assert.equal(read, TEXTS[0]!.length);
});
