import assert from "assert";
import fc from "fast-check";
import { writeAll } from "./link.ts";
import { pipe, type PipeEnd } from "./_pipe.ts";
import { splice } from "./splice.ts";

async function readAll(stream: PipeEnd): Promise<number[]> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(50);
  for (let n = await stream.read(buffer); n !== null; n = await stream.read(buffer)) {
    bytes.push(...buffer.subarray(0, n));
  }
  return bytes;
}

async function send(stream: PipeEnd, bytes: Uint8Array): Promise<void> {
  await writeAll(stream, bytes);
  await stream.closeWrite();
}

Deno.test("bytes arrive whole and in order both ways, through pieces and full buffers", async () => {
  const bytes = fc.uint8Array({ maxLength: 3000 });
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, fc.integer({ min: 1, max: 500 }), async (
      early,
      there,
      back,
      piece,
    ) => {
      const [a, x] = pipe({ piece, capacity: 100 });
      const [y, b] = pipe({ piece: 700, capacity: 10 });
      const [end, , , atB, atA] = await Promise.all([
        splice(x, y, { early }),
        send(a, there),
        send(b, back),
        readAll(b),
        readAll(a),
      ]);
      assert.deepEqual(atB, [...early, ...there]);
      assert.deepEqual(atA, [...back]);
      assert.deepEqual(end, { forth: early.length + there.length, back: back.length });
      assert.ok(x.closed && y.closed);
    }),
    { numRuns: 60 },
  );
});

Deno.test("an end of one direction leaves the other open", async () => {
  const [a, x] = pipe();
  const [y, b] = pipe();
  const spliced = splice(x, y);
  await send(a, new Uint8Array([1]));
  assert.deepEqual(await readAll(b), [1]);
  await send(b, new Uint8Array([2, 3]));
  assert.deepEqual(await readAll(a), [2, 3]);
  assert.equal((await spliced).error, undefined);
});

Deno.test("a side that takes nothing stops the reading from the other", async () => {
  const [a, x] = pipe({ capacity: 1000 });
  const [y] = pipe({ capacity: 1000 });
  const abort = new AbortController();
  const spliced = splice(x, y, { signal: abort.signal });
  let sent = 0;
  const sending = (async () => {
    for (;; sent += 1000) await writeAll(a, new Uint8Array(1000));
  })();
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  const settled = sent;
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  assert.equal(sent, settled);
  assert.ok(sent < 5000);
  abort.abort(new Error("enough"));
  assert.equal((await spliced).error?.message, "enough");
  await assert.rejects(sending);
});

Deno.test("a side that breaks ends both", async () => {
  const [a, x] = pipe();
  const [y, b] = pipe();
  const spliced = splice(x, y);
  b.close();
  await writeAll(a, new Uint8Array(10)).catch(() => {});
  const end = await spliced;
  assert.ok(end.error);
  assert.ok(x.closed && y.closed);
  assert.deepEqual(await readAll(a), []);
});
