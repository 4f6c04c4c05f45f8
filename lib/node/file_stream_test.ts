import assert from "assert";
import { encodeFrame, FrameDecoder, STRANGER_LIMITS } from "../wire/frames.ts";
import type { Opened } from "../wire/handshake.ts";
import { writeAll } from "../wire/link.ts";
import { pipe } from "../wire/_pipe.ts";
import { serveFile } from "./file_stream.ts";

Deno.test("a daemon that ended while a file was waited for does not wait for who wanted it", async () => {
  const path = await Deno.makeTempFile();
  const [reader, stream] = pipe({ capacity: 1000 });
  try {
    await Deno.writeFile(path, new Uint8Array(100_000));
    const decoder = new FrameDecoder(STRANGER_LIMITS);
    const opened: Opened = {
      stream,
      decoder,
      early: [],
      role: "object",
      cluster: "c",
      secret: new Uint8Array(0),
    };
    const wanted = Promise.withResolvers<void>();
    const found = Promise.withResolvers<string>();
    const sources = new Map([["object", () => (wanted.resolve(), found.promise)]]);
    const end = new AbortController();
    const serving = serveFile(opened, sources, { peer: "a node", signal: end.signal });
    const want = { kind: "file.want", source: "object", name: "n", offset: 0 };
    await writeAll(reader, encodeFrame(want));
    await wanted.promise;
    end.abort();
    found.resolve(path);
    await serving;
    assert.deepEqual(stream.written, []);
    assert.ok(stream.closed);
  } finally {
    await Deno.remove(path);
  }
});
