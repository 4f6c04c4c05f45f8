import assert from "assert";
import { buildName } from "../runtime/version.ts";
import { dialHead, FakeNode, Folder, TOKEN } from "./_fakes.ts";
import type { HeadReady } from "./config.ts";

const PROGRAM = `const { runHead } = await import(${
  JSON.stringify(new URL("./main.ts", import.meta.url).href)
}); Deno.exit(await runHead());`;

function spawnHead() {
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", PROGRAM],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<Record<string, unknown>> {
  const reader = stream.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return JSON.parse(text);
}

async function begin(config: unknown) {
  const child = spawnHead();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(JSON.stringify(config) + "\n"));
  return { child, stdin, greeting: await firstLine(child.stdout) };
}

Deno.test("the process says where it listens, and ends with its standard input", async () => {
  using folder = new Folder();
  const listen = { host: "127.0.0.1", port: 0 };
  const config = { listen, token: TOKEN, runtime_dir: folder.path };
  const { child, stdin, greeting } = await begin(config);
  const ready = greeting["ready"] as { port: number; cluster: string; epoch: number };
  assert.equal(ready.epoch, 1);
  const node = await FakeNode.join(ready.port);
  assert.equal(node.joined.cluster, ready.cluster);
  child.kill("SIGINT");
  await node.settled();

  const second = await begin(config);
  const { message } = second.greeting["error"] as { message: string };
  assert.match(message, /another head uses it/);
  assert.equal((await second.child.status).code, 1);
  await second.stdin.close().catch(() => {});

  await stdin.close();
  assert.equal((await child.status).code, 0);
  assert.match((await node.link.closed).message, /ended the (link|connection)/);
  await assert.rejects(dialHead(ready.port, "node"), Deno.errors.ConnectionRefused);
  assert.match(await Deno.readTextFile(`${folder.path}/logs/head.log`), /listens on .*epoch 1/);
});

Deno.test("killed and started again on the same port, it is the same cluster", async () => {
  using folder = new Folder();
  const config = { listen: { host: "127.0.0.1", port: 0 }, token: "", runtime_dir: folder.path };
  const first = await begin(config);
  const ready = first.greeting["ready"] as HeadReady;
  const { port, cluster } = ready;
  assert.deepEqual([ready.epoch, ready.build], [1, buildName()]);
  first.child.kill("SIGKILL");
  await first.child.status;
  await first.stdin.close().catch(() => {});
  const second = await begin({ ...config, listen: { ...config.listen, port } });
  assert.deepEqual(second.greeting, { ready: { ...ready, port, cluster, epoch: 2 } });
  second.child.kill("SIGTERM");
  assert.equal((await second.child.status).code, 0);
  await second.stdin.close().catch(() => {});
});

Deno.test("a configuration that is none is an error on standard output", async () => {
  const { child, stdin, greeting } = await begin({ listen: 7 });
  assert.match((greeting["error"] as { message: string }).message, /`listen` must be a map, got 7/);
  assert.equal((await child.status).code, 1);
  await stdin.close().catch(() => {});
});

Deno.test("a head of another protocol than its daemon's does not start, and opens nothing", async () => {
  using folder = new Folder();
  const config = { listen: { host: "127.0.0.1", port: 0 }, runtime_dir: folder.path, protocol: 99 };
  const { child, stdin, greeting } = await begin(config);
  const { message, mend } = greeting["error"] as { message: string; mend: string };
  assert.match(message, /this is beam .* \(protocol \d+\), and .* speaks protocol 99/);
  assert.match(mend, /back in its place, or end all nodes with `beam down`/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  assert.equal((await child.status).code, 1);
  await stdin.close().catch(() => {});
});

Deno.test("a key of the authority that cannot be used is told with what mends it", async () => {
  using folder = new Folder();
  Deno.writeTextFileSync(`${folder.path}/authority.key`, "no key");
  const listen = { host: "127.0.0.1", port: 0 };
  const config = { listen, token: TOKEN, runtime_dir: folder.path, tls: {} };
  const { child, stdin, greeting } = await begin(config);
  const { message, mend } = greeting["error"] as { message: string; mend: string };
  assert.match(message, /^Cannot use the cluster authority's key/);
  assert.match(mend, /Move it away/);
  assert.equal((await child.status).code, 1);
  await stdin.close().catch(() => {});
});
