/**
 * Sealed records, and somebody on the wire who changes, cuts, repeats and puts in bytes: what comes out
 * is the beginning of what was sent, and all of it only where nothing was changed before its end.
 */
import assert from "assert";
import type * as Sealed from "../../../lib/wire/sealed_stream.ts";
import { pipe } from "../../../lib/wire/_pipe.ts";
import type { Target } from "../fuzzer.ts";
import { piecesOf } from "./stream.ts";

const SECRET = new Uint8Array(32).fill(7);
const PARTS = [1, 0, 300, 20].map((size, part) => new Uint8Array(size).fill(part + 1));
/** Bytes of one change in an input: which, where (two bytes), what. */
const STEP = 4;

type Change = (bytes: number[], at: number, value: number) => void;

const CHANGES: readonly Change[] = [
  (bytes, at, value) => bytes[at] = value,
  (bytes, at, value) => bytes.splice(at, 0, ...new Array(value).fill(value)),
  (bytes, at, value) => bytes.splice(at, value),
  (bytes, at, value) => bytes.splice(at, 0, ...bytes.slice(at, at + value)),
  (bytes, at) => bytes.splice(at),
  (bytes, at, value) => bytes.push(...bytes.slice(at, at + value)),
];

/** See the top of this file. The first byte of an input says how the stream is cut, the rest are changes. */
export async function sealed({ SealedStream }: typeof Sealed): Promise<Target> {
  const [one, other] = pipe();
  const sender = new SealedStream(one, { secret: SECRET, side: "dialer", peer: "the listener" });
  for (const part of PARTS) if (part.length > 0) await sender.write(part);
  await sender.closeWrite();
  other.close();
  const sent = one.written.flatMap((bytes) => [...bytes]);
  const plain = PARTS.flatMap((part) => [...part]);
  return {
    name: "sealed",
    seeds: [
      new Uint8Array([0]),
      ...CHANGES.map((_, change) => new Uint8Array([1, change, 0, 5, 20])),
      new Uint8Array([0, 0, 0, 0, 255]),
    ],
    most: 64,
    steps: () => 500_000,
    // A length of 64 KiB is believed until its seal is seen.
    room: () => 512 * 1024,
    async run(input) {
      const bytes = [...sent];
      for (let at = 1; at + STEP <= input.length; at += STEP) {
        const [change, high, low, value] = input.subarray(at, at + STEP) as unknown as number[];
        const where = (high! * 256 + low!) % (bytes.length + 1);
        CHANGES[change! % CHANGES.length]!(bytes, where, value!);
      }
      const [near, far] = pipe();
      const stream = new Uint8Array([input[0] ?? 0, ...bytes]);
      for (const piece of piecesOf(stream)) await far.write(piece);
      await far.closeWrite();
      const reader = new SealedStream(near, { secret: SECRET, side: "listener", peer: "them" });
      const got: number[] = [];
      let fault: Error | undefined;
      const buffer = new Uint8Array(100);
      try {
        for (let count; (count = await reader.read(buffer)) !== null;) {
          got.push(...buffer.subarray(0, count));
        }
      } catch (error) {
        fault = error as Error;
        assert.ok(["ProtocolError", "LinkClosed"].includes(fault.name), fault.stack);
        await assert.rejects(reader.read(buffer), { message: fault.message });
      }
      assert.deepEqual(got, plain.slice(0, got.length), "what came out was never sent");
      const whole = sent.every((byte, at) => byte === bytes[at]);
      assert.equal(fault === undefined, whole, fault?.message ?? "a change went unseen");
      if (whole) assert.equal(got.length, plain.length);
      near.close();
      if (!far.closed) far.close();
    },
  };
}
