import assert from "assert";
import { LogLines, MOST_LINES, toneOf } from "./log_lines.ts";

const texts = (lines: LogLines) => lines.all.map(({ text }) => text);

Deno.test("parts that end anywhere become lines, and a line that goes on is told of again", () => {
  const lines = new LogLines();
  assert.deepEqual(lines.add("one\ntw").added, [
    { text: "one", goesOn: false },
    { text: "tw", goesOn: false },
  ]);
  assert.deepEqual(lines.add("o\nthree\n").added, [
    { text: "two", goesOn: true },
    { text: "three", goesOn: false },
  ]);
  assert.deepEqual(lines.add("four\n").added, [{ text: "four", goesOn: false }]);
  assert.deepEqual(texts(lines), ["one", "two", "three", "four"]);
});

Deno.test("colours go, and of a progress bar only its last state stays", () => {
  const lines = new LogLines();
  lines.add("\x1b[32mINFO\x1b[0m ready\r\n 10%\r 50%\r100%\n");
  assert.deepEqual(texts(lines), ["INFO ready", "100%"]);
});

Deno.test("old lines are dropped, many at a time", () => {
  const lines = new LogLines();
  assert.equal(lines.add("x\n".repeat(MOST_LINES + 1000)).dropped, 0);
  assert.equal(lines.add("y\n").dropped, 1001);
  assert.equal(lines.all.length, MOST_LINES);
  assert.equal(texts(lines).at(-1), "y");
});

Deno.test("errors and warnings stand out, words that only contain them do not", () => {
  assert.deepEqual(
    [
      "ERROR 11-21 engine failed",
      "Traceback (most recent call last):",
      "ValueError: no such thing",
      "WARNING the queue is long",
      "INFO 0 errors",
      "TERRORS",
    ].map(toneOf),
    ["bad", "bad", "bad", "warn", "plain", "plain"],
  );
});
