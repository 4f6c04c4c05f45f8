/** The decoders of both languages over the same bytes: the same frames, and the same refusal. */
import assert from "assert";
import type * as Frames from "../../../lib/wire/frames.ts";
import { frameText } from "../canonical.ts";
import type { Target } from "../fuzzer.ts";
import { type PythonSide, short } from "../python_side.ts";
import { mutatedFrames } from "./framed.ts";
import { decoded, frameSeeds } from "./frames.ts";
import { piecesOf } from "./stream.ts";

/** Bodies from here on are received apart in Python. */
const SMALL = 64 * 1024;

/** See the top of this file. */
export function agreement(wire: typeof Frames, python: PythonSide): Target {
  return {
    name: "agreement",
    seeds: frameSeeds(wire),
    most: 2048,
    mutation: mutatedFrames,
    steps: ({ length }) => 2000 + 100 * length,
    room: (input) => (input[0]! % 2 === 0 ? 2 ** 18 : 2 ** 14) + 32 * input.length,
    async run(input) {
      const [how = 0] = input;
      const limits = how % 2 === 0 ? wire.PEER_LIMITS : wire.STRANGER_LIMITS;
      const stream = input.subarray(1);
      const here = decoded(wire, piecesOf(input), limits);
      let there = await python.run(stream, limits.header, how);
      if (here.refusal !== "" && there.whole?.refusal === "" && !there.whole.idle) {
        // Python looks at a header when its small body is there.
        const filled = new Uint8Array(stream.length + SMALL);
        filled.set(stream);
        there = await python.run(filled, limits.header, 0);
      }
      assert.equal(there.error, "", "Python fails otherwise than by a ProtocolError");
      assert.deepEqual(there.pieces, there.whole, "in Python a cut changes the outcome");
      assert.deepEqual(there.whole!.frames, here.frames.map(frameText).map(short), "frames differ");
      // Python asks for the room of a large body at once, and may not get it on this machine.
      if (/^Cannot take a body .*memory/.test(there.whole!.refusal)) return there.fresh;
      assert.equal(there.whole!.refusal, here.refusal, "refusals differ");
      assert.equal(there.whole!.idle, here.idle, "they differ on what is left");
      assert.ok(there.steps < 1000 + 60 * input.length, `${there.steps} lines of Python`);
      assert.ok(
        there.room < 2 ** 21 + 64 * input.length,
        `${there.room} bytes of memory in Python`,
      );
      return there.fresh;
    },
    close: () => python.close(),
  };
}
