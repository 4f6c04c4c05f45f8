/** The frame decoder and the check of messages: bytes of a peer, in any pieces. */
import assert from "assert";
import type * as Frames from "../../../lib/wire/frames.ts";
import type * as Validate from "../../../lib/wire/validate.ts";
import { MESSAGES } from "../../../lib/wire/messages.ts";
import { canonical, frameText } from "../canonical.ts";
import type { Target } from "../fuzzer.ts";
import { framed, mutatedFrames, ODD_VALUES } from "./framed.ts";
import { cut, piecesOf } from "./stream.ts";

/** What a decoder made of a stream, in words that do not depend on the pieces. */
export interface Decoded {
  frames: Frames.Frame[];
  /** The refusal, if any. */
  refusal: string;
  idle: boolean;
}

/** Feeds the pieces. @throws whatever is no ProtocolError */
export function decoded(
  { FrameDecoder }: typeof Frames,
  pieces: readonly Uint8Array[],
  limits: Frames.FrameLimits,
): Decoded {
  const decoder = new FrameDecoder(limits);
  const frames: Frames.Frame[] = [];
  let refusal = "";
  try {
    for (const piece of pieces) for (const frame of decoder.feed(piece)) frames.push(frame);
  } catch (error) {
    refusal = refusalOf(error);
  }
  return { frames, refusal, idle: refusal === "" && decoder.idle };
}

/** The words of a ProtocolError. @throws anything else */
export function refusalOf(error: unknown): string {
  if ((error as Error)?.name === "ProtocolError") return (error as Error).message;
  throw error;
}

/** Streams of sane frames, and one for each odd value. */
export function frameSeeds({ encodeFrame }: typeof Frames): Uint8Array[] {
  const samples = {
    str: "text",
    int: 1,
    float: 0.5,
    bool: true,
    bytes: new Uint8Array([1, 2]),
    map: { a: 1 },
    list: [1],
    any: null,
  };
  const whole = Object.entries(MESSAGES).map(([kind, { fields }]) => {
    const header: Frames.Header = { kind };
    for (const [name, spec] of Object.entries(fields)) {
      header[name] = samples[spec.replace("?", "") as keyof typeof samples];
    }
    return encodeFrame(header, new Uint8Array(kind.length % 5));
  });
  const odd = ODD_VALUES.map((value) =>
    framed(new Uint8Array([0x82, 0xa4, 0x6b, 0x69, 0x6e, 0x64, 0xa1, 0x78, 0xa1, 0x76, ...value]))
  );
  return [...whole.map((frame) => cut(0, frame)), ...odd.map((frame) => cut(1, frame, frame))];
}

/** See the top of this file. */
export function frames(wire: typeof Frames, { checkMessage }: typeof Validate): Target {
  return {
    name: "frames",
    seeds: frameSeeds(wire),
    most: 8192,
    mutation: mutatedFrames,
    // Each byte is looked at a few times, by both decodings and the one of what is encoded again.
    steps: ({ length }) => 2000 + 200 * length,
    // What is gathered begins with 64 KiB on a link, and with what is announced before it.
    room: (input) => (input[0]! % 2 === 0 ? 2 ** 18 : 2 ** 14) + 32 * input.length,
    run(input) {
      const limits = input[0]! % 2 === 0 ? wire.PEER_LIMITS : wire.STRANGER_LIMITS;
      const whole = decoded(wire, [input.subarray(1)], limits);
      const cut = decoded(wire, piecesOf(input), limits);
      assert.deepEqual(
        cut.frames.map(frameText),
        whole.frames.map(frameText),
        "a cut changes frames",
      );
      assert.equal(cut.refusal, whole.refusal, "a cut changes the refusal");
      assert.equal(cut.idle, whole.idle, "a cut changes what is left");
      for (const { header, body } of whole.frames) {
        const again = decoded(wire, [wire.encodeFrame(header, body)], wire.PEER_LIMITS);
        assert.equal(again.refusal, "", "what was decoded cannot be sent on");
        assert.equal(
          canonical(again.frames[0]?.header),
          canonical(header),
          "it is sent on changed",
        );
        try {
          checkMessage(header);
        } catch (error) {
          refusalOf(error);
        }
      }
    },
  };
}
