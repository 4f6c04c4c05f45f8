import assert from "assert";
import { shorten } from "./shorten.ts";

function withFile(text: string, run: (file: Deno.FsFile, path: string) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    using file = Deno.openSync(path, { read: true, write: true });
    run(file, path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("whole lines of what was read stay, and all that was not", () => {
  const old = "old line\n".repeat(100);
  withFile(`${old}last one\nlast two\nnot read`, (file, path) => {
    const read = old.length + "last one\nlast two\n".length;
    const unread = shorten(file, { read, keep: 20, note: "[cut]" });
    const text = Deno.readTextFileSync(path);
    assert.equal(text, "[cut]\nlast one\nlast two\nnot read");
    assert.equal(text.slice(unread), "not read");
  });
});

Deno.test("a writer that keeps the file open goes on behind it", () => {
  withFile("x\n".repeat(1000), (file, path) => {
    using writer = Deno.openSync(path, { append: true });
    shorten(file, { read: 2000, keep: 0, note: "[cut]" });
    writer.writeSync(new TextEncoder().encode("next\n"));
    assert.equal(Deno.readTextFileSync(path), "[cut]\nnext\n");
  });
});

Deno.test("more that was not read than there is room for before it keeps its order", () => {
  const unread = Array.from({ length: 50_000 }, (_, at) => `${at}\n`).join("");
  withFile("o\n".repeat(100) + unread, (file, path) => {
    const at = shorten(file, { read: 200, keep: 4, note: "[cut]" });
    assert.equal(Deno.readTextFileSync(path).slice(at), unread);
  });
});

Deno.test("what would not become shorter is left alone", () => {
  withFile("abc\ndef\n", (file, path) => {
    assert.equal(shorten(file, { read: 8, keep: 8, note: "[cut]" }), 8);
    assert.equal(Deno.readTextFileSync(path), "abc\ndef\n");
  });
});
