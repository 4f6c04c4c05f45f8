import assert from "assert";
import { join } from "node:path";
import { LogFile } from "../runtime/log.ts";
import { LogMirror, sizeOf } from "./log_mirror.ts";

/** A mirror of two files, and what it has shown. */
async function mirrored(
  run: (
    parts: { dir: string; shown(text: string): Promise<void>; text(): string },
  ) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(join(dir, "head.log"), "of a former head\n");
  let text = "";
  let wake = () => {};
  const files = ["head.log", "daemon.log"].map((name) => join(dir, name));
  const mirror = new LogMirror(
    files.map((path) => ({ path, from: sizeOf(path) })),
    (bytes) => {
      text += new TextDecoder().decode(bytes);
      wake();
      return Promise.resolve();
    },
  );
  const shown = async (wanted: string) => {
    while (!text.includes(wanted)) await new Promise<void>((resolve) => wake = resolve);
  };
  try {
    await run({ dir, shown, text: () => text });
  } finally {
    await mirror.stop();
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("lines are shown as they are written, also by a file that is not there yet", () =>
  mirrored(async ({ dir, shown, text }) => {
    using head = new LogFile(join(dir, "head.log"));
    head.write("info", "one");
    await shown("one");
    using daemon = new LogFile(join(dir, "daemon.log"));
    daemon.write("info", "two");
    await shown("two");
    head.write("info", "three");
    await shown("three");
    assert.ok(!text().includes("former"));
    assert.equal(text().split("\n").length, 4);
  }));

Deno.test("none is lost when a log begins anew", () =>
  mirrored(async ({ dir, shown, text }) => {
    using daemon = new LogFile(join(dir, "daemon.log"), { limit: 400 });
    for (let at = 0; at < 20; at++) {
      daemon.write("info", `line ${at}.`);
      await shown(`line ${at}.`);
    }
    const lines = [...text().matchAll(/line (\d+)\./g)].map(([, at]) => Number(at));
    assert.deepEqual(lines, Array.from({ length: 20 }, (_, at) => at));
  }));

Deno.test("what was written last is shown before it ends", async () => {
  let all = () => "";
  await mirrored(({ dir, text }) => {
    all = text;
    using head = new LogFile(join(dir, "head.log"));
    head.write("info", "the last words");
    return Promise.resolve();
  });
  assert.match(all(), /the last words\n$/);
});
