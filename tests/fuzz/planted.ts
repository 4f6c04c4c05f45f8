/** A fault that only bytes of a certain make reach: what the fuzzer must find, and chance does not. */
import { FrameDecoder } from "../../lib/wire/frames.ts";

/** @throws {RangeError} for one frame in about 2^90 */
export function planted(bytes: Uint8Array): void {
  for (const { header, body } of new FrameDecoder().feed(bytes)) {
    if (header.kind !== "open") continue;
    const amount = header["amount"];
    if (typeof amount !== "number" || amount < 70_000 || amount > 70_010) continue;
    if (body.length !== 3) continue;
    if (body[0] === 0xbe && body[1] === 0xa3) throw new RangeError("the planted fault");
  }
}
