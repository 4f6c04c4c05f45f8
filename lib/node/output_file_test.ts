import assert from "assert";
import { LINE_LIMIT, LineSplitter } from "./line_splitter.ts";
import { OutputFile } from "./output_file.ts";
import { type LogSink, WorkerLogs } from "./worker_logs.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("lines come whole, however they are cut, with any bytes in them", () => {
  const splitter = new LineSplitter();
  assert.deepEqual(splitter.push(bytes("a\r\nb")), ["a"]);
  assert.deepEqual(splitter.push(bytes("c\n\nd")), ["bc", ""]);
  assert.deepEqual(splitter.flush(), ["d"]);
  assert.deepEqual(splitter.flush(), []);
  assert.deepEqual(splitter.push(new Uint8Array([0xff, 10])), ["\ufffd"]);
  const euro = bytes("€");
  assert.deepEqual(splitter.push(euro.subarray(0, 1)), []);
  assert.deepEqual(splitter.push(new Uint8Array([...euro.subarray(1), 10])), ["€"]);
});

Deno.test("a long line is cut and says so; memory stays bounded", () => {
  const splitter = new LineSplitter();
  splitter.push(new Uint8Array(LINE_LIMIT).fill(120));
  splitter.push(new Uint8Array(1000).fill(120));
  const [line] = splitter.push(bytes("\n"));
  assert.equal(line, "x".repeat(LINE_LIMIT) + " … (1000 bytes left out)");
});

Deno.test("a file is read as it grows and cut past its limit, with a note", async () => {
  const path = await Deno.makeTempFile();
  using file = new OutputFile(path, 200);
  const add = (text: string) => Deno.writeTextFileSync(path, text, { append: true });
  assert.deepEqual(file.read(), []);
  add("one\ntw");
  assert.deepEqual(file.read(), ["one"]);
  const long = "x".repeat(220);
  add(`o\n${long}\nwords\n`);
  assert.deepEqual(file.read(), ["two", long, "words"]);
  assert.match(
    Deno.readTextFileSync(path),
    /^\[beam: 200 bytes of output were reached; what stood here is gone\]\nwords\n$/,
  );
  add("after\nlast");
  assert.deepEqual(file.read(), ["after"]);
  assert.equal(file.tail(4), "last");
  assert.deepEqual(file.rest(), ["last"]);
  await Deno.remove(path);
});

Deno.test("a sink that is full loses nothing; an ended worker's rest comes at once", async () => {
  const dir = await Deno.makeTempDir();
  const got: string[] = [];
  let open = false;
  const sink: LogSink<string> = {
    ready: () => open,
    lines: (worker, stream, lines) => got.push(...lines.map((l) => `${worker} ${stream} ${l}`)),
  };
  using logs = new WorkerLogs(sink);
  logs.follow("w", { out: `${dir}/out`, err: `${dir}/err` });
  Deno.writeTextFileSync(`${dir}/out`, "a\nb\n", { append: true });
  logs.poll();
  assert.deepEqual(got, []);
  open = true;
  logs.poll();
  assert.deepEqual(got, ["w out a", "w out b"]);
  Deno.writeTextFileSync(`${dir}/out`, "c", { append: true });
  assert.equal(logs.finish("w"), "");
  assert.deepEqual(got.at(-1), "w out c");
  // What nobody ever wrote to is not left lying around.
  assert.deepEqual([...Deno.readDirSync(dir)].map((entry) => entry.name), ["out"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("the last words of a worker outlive the cut of its file", async () => {
  const dir = await Deno.makeTempDir();
  const got: string[] = [];
  const sink: LogSink<string> = { ready: () => true, lines: (_, __, lines) => got.push(...lines) };
  using logs = new WorkerLogs(sink, { worker: 4096, ended: 1 << 20 });
  const err = `${dir}/err`;
  logs.follow("w", { out: `${dir}/out`, err });
  const lines = Array.from({ length: 1000 }, (_, at) => `line ${at}`);
  for (const line of lines) {
    Deno.writeTextFileSync(err, `${line}\n`, { append: true });
    if (line.endsWith("7")) logs.poll();
  }
  assert.ok(Deno.statSync(err).size < 8192);
  const tail = logs.finish("w");
  assert.deepEqual(got, lines, "each line once, in order");
  assert.match(tail, /line 998\nline 999\n$/);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("ended workers' output is bounded in sum, the oldest goes, the last stays", async () => {
  const dir = await Deno.makeTempDir();
  const sink: LogSink<string> = { ready: () => true, lines: () => {} };
  using logs = new WorkerLogs(sink, { worker: 10_000, ended: 1000 });
  for (const name of ["a", "b", "c", "d"]) {
    logs.follow(name, { out: `${dir}/${name}.out`, err: `${dir}/${name}.err` });
    Deno.writeTextFileSync(`${dir}/${name}.out`, "x".repeat(name === "d" ? 5000 : 400));
    logs.finish(name);
  }
  assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), ["c.out", "d.out"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("what comes faster than it can be passed on is given up, and the line says how much", () => {
  const path = Deno.makeTempFileSync();
  using file = new OutputFile(path, 1000);
  Deno.writeTextFileSync(path, "line\n".repeat(1000));
  const [note, ...rest] = file.read();
  assert.match(note!, /^\[beam: 4500 bytes of output came faster/);
  assert.deepEqual(rest, []);
  assert.equal(file.rest().length, 100);
  Deno.writeTextFileSync(path, "line\n".repeat(1000), { append: true });
  file.bound();
  assert.ok(Deno.statSync(path).size < 1000);
  Deno.removeSync(path);
});
