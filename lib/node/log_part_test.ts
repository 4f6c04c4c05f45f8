import assert from "assert";
import { readLogPart, startOfLastLines } from "./log_part.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const question = { offset: 0, most: 100, wait_ms: 0, running: () => false };

Deno.test("a part begins where it was asked for, and ends at the bound or the file's end", async () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "0123456789");
    const part = await readLogPart(path, { ...question, offset: 3, most: 4 });
    assert.deepEqual(part, { size: 10, offset: 3, bytes: bytes("3456"), running: false });
    assert.deepEqual((await readLogPart(path, { ...question, offset: 10 })).bytes.length, 0);
    assert.deepEqual(await readLogPart(path + ".none", question), {
      size: 0,
      offset: 0,
      bytes: bytes(""),
      running: false,
    });
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("what is not there yet is waited for while somebody writes", async () => {
  const path = Deno.makeTempFileSync();
  try {
    let looks = 0;
    const running = () => {
      if (++looks === 2) Deno.writeTextFileSync(path, "at last");
      return true;
    };
    const part = await readLogPart(path, { ...question, wait_ms: 60_000, running });
    assert.deepEqual([part.bytes, part.running], [bytes("at last"), true]);
    const over = { ...question, offset: 7, wait_ms: 60_000 };
    assert.equal((await readLogPart(path, over)).bytes.length, 0);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("the last lines begin after so many ends of lines, whether the last one has an end or not", () => {
  const path = Deno.makeTempFileSync();
  const from = (text: string, count: number) => {
    Deno.writeTextFileSync(path, text);
    return text.slice(startOfLastLines(path, count));
  };
  try {
    assert.equal(from("a\nb\nc\n", 2), "b\nc\n");
    assert.equal(from("a\nb\nc", 2), "b\nc");
    assert.equal(from("a\n", 5), "a\n");
    assert.equal(from("a\n\n\n", 2), "\n\n");
    assert.equal(from("a\nb", 0), "");
    assert.equal(from("a\nb\n", 0), "");
    assert.equal(from("", 3), "");
    const long = "x".repeat(3 * 2 ** 20);
    assert.equal(from(long, 1).length, 2 ** 20);
    assert.equal(startOfLastLines(path + ".none", 3), 0);
  } finally {
    Deno.removeSync(path);
  }
});
