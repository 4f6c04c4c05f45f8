/** A fault that only bytes of a certain make reach: what the fuzzer must find, and chance does not. */
import { FrameDecoder } from "../../lib/wire/frames.ts";

/** @throws {RangeError} for a frame that chance does not make */
export function planted(bytes: Uint8Array): void {
  for (const { header, body } of new FrameDecoder().feed(bytes)) {
    if (header.kind !== "open") continue;
    const amount = header["amount"];
    if (typeof amount !== "number" || amount < 70_000 || amount > 79_999) continue;
    if (body[0] === 0xbe) throw new RangeError("the planted fault");
  }
}
