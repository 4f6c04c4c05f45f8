/** Raw bytes at all ports of a cluster of two nodes, and what must be as before when they are over. */
import assert from "assert";
import tls from "node:tls";
import { join } from "node:path";
import { type RawSession, rawSessions } from "../../fuzz/raw_sessions.ts";
import type { Node } from "./node.ts";
import { freePort } from "./ports.ts";
import type { Place } from "./place.ts";
import { childrenOf, commandOf, isRunning } from "./processes.ts";
import { until } from "./until.ts";

/** At once; of one address a port takes 128. */
const AT_ONCE = 24;
/** How long a session that listens or holds does so at most, in milliseconds. */
const LISTENING = 300;
const MIB = 2 ** 20;
/** What a process may have grown by, in bytes: its heap is not given back page by page. */
const GROWTH = 160 * MIB;

interface Port {
  name: string;
  host: string;
  port: number;
  /** Sessions go inside of TLS, sometimes. */
  tls: boolean;
}

/** How much. */
export interface RawBytesOptions {
  seed: number;
  /** Sessions, shared out among the ports. */
  sessions: number;
  /** Flags of the head. */
  flags?: string[];
}

/** Sends them all. @returns figures, in a sentence */
export async function rawBytes(place: Place, options: RawBytesOptions): Promise<string> {
  const { flags = [], seed, sessions } = options;
  const health = [freePort(), freePort()];
  const head = await place.head({ flags: ["--health-port", `${health[0]}`, ...flags] });
  const joined = await place.join(head, { flags: ["--health-port", `${health[1]}`] });
  const nodes = [head, joined];
  const ports = await portsOf(head, joined, health, flags.includes("--tls"));
  await works(head, joined, health);
  const watched = [head.record.pid, head.headPid, joined.record.pid];
  const before = new Map(watched.map((pid) => [pid, useOf(pid)]));
  const templates = watched.flatMap((pid) => childrenOf(pid));

  const drawn = rawSessions(seed);
  let sent = 0;
  const run = async () => {
    while (sent < sessions) {
      const { value } = drawn.next();
      // Each as it is goes to every port; a changed one goes to the next in turn.
      await carryOut(value, ports[sent++ % ports.length]!, sent);
    }
  };
  // Who only holds connections open keeps nobody out.
  const held = await Promise.all(
    ports.flatMap((port) => port.name.includes("cluster") ? hold(port) : []),
  );
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  await works(head, joined, health);
  for (const stream of held.flat()) close(stream);

  for (const pid of [...watched, ...templates]) {
    assert.ok(isRunning(pid), `process ${pid} has ended: ${logsOf(nodes).slice(-2000)}`);
  }
  assert.equal(head.headPid, watched[1], "the head was not started again");
  for (const pid of watched) {
    const { files, memory } = before.get(pid)!;
    await until(`process ${pid} has the files of before`, () => useOf(pid).files <= files + 2, {
      found: () => ({ command: commandOf(pid), before: files, now: filesOf(pid) }),
    });
    const grown = useOf(pid).memory - memory;
    assert.ok(grown < GROWTH, `${commandOf(pid)} has ${Math.round(grown / MIB)} MiB more`);
  }
  const grown = watched.map((pid) =>
    Math.round((useOf(pid).memory - before.get(pid)!.memory) / MIB)
  );
  const faults = logsOf(nodes).split("\n").filter((line) =>
    /^\s+at |Uncaught|Unhandled|panicked|TypeError|RangeError|ReferenceError| ERROR /i.test(line)
  );
  assert.deepEqual(faults.slice(0, 20), []);
  for (const node of nodes.toReversed()) await node.down();
  return `${sent} connections; daemon ${grown[0]}, head ${grown[1]}, other daemon ${
    grown[2]
  } MiB more`;
}

async function portsOf(
  head: Node,
  joined: Node,
  health: number[],
  isTls: boolean,
): Promise<Port[]> {
  const { nodes } = await head.status();
  const nodePort = (node: Node) =>
    (nodes.find(({ node_id }) => node_id === node.record.node_id)!.extra as { port: number }).port;
  const last = (address: string) => Number(address.split(":").at(-1));
  const host = "127.0.0.1";
  return [
    { name: "the head's cluster port", host, port: last(head.record.head_address), tls: isTls },
    { name: "the head's node's port", host, port: nodePort(head), tls: isTls },
    { name: "HTTP", host, port: last(head.record.dashboard!), tls: false },
    { name: "the node's port", host: joined.ip, port: nodePort(joined), tls: isTls },
    { name: "health", host, port: health[0]!, tls: false },
    { name: "the node's health", host, port: health[1]!, tls: false },
  ];
}

/** A right client is served at each port. */
async function works(head: Node, joined: Node, health: number[]): Promise<void> {
  const { nodes } = await head.status();
  assert.equal(nodes.filter(({ state }) => state === "alive").length, 2);
  const driver = head.driver("paths.py", [joined.ip]);
  assert.equal((await driver.said()).right, true);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
  const authorization = `Bearer ${head.record.token}`;
  const answer = await fetch(`http://${head.record.dashboard}/api/jobs/`, {
    headers: { authorization },
  });
  assert.equal(answer.status, 200, await answer.text());
  for (const port of health) {
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text(), "success");
  }
}

/** Connections that say nothing. */
async function hold({ host, port }: Port): Promise<Deno.Conn[]> {
  return await Promise.all(
    Array.from({ length: 150 }, () => Deno.connect({ hostname: host, port })),
  );
}

interface Stream {
  write(bytes: Uint8Array): Promise<unknown>;
  half(): Promise<unknown>;
  /** Settles when the other side has said all, or is gone. */
  heard: Promise<unknown>;
  close(): void;
}

/** Never throws: what the other side does with it is its own. */
async function carryOut(session: RawSession, port: Port, number: number): Promise<void> {
  let stream: Stream | undefined;
  try {
    stream = port.tls && number % 3 === 0 ? await inTls(port) : await plain(port);
    for (const { after, bytes } of session.pieces) {
      if (after > 0) await pause(after);
      if (bytes.length > 0) await Promise.race([stream.write(bytes), pause(2000)]);
    }
    if (session.end === "half") await stream.half();
    if (session.end === "hold") await pause(LISTENING);
    else if (session.end !== "close") await Promise.race([stream.heard, pause(LISTENING)]);
  } catch { /* it has hung up */ }
  stream?.close();
}

async function plain({ host, port }: Port): Promise<Stream> {
  const conn = await Deno.connect({ hostname: host, port });
  const heard = (async () => {
    const buffer = new Uint8Array(65536);
    while (await conn.read(buffer) !== null);
  })();
  heard.catch(() => {});
  return {
    heard,
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    half: () => conn.closeWrite(),
    close: () => close(conn),
  };
}

function inTls({ host, port }: Port): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false }, () =>
      resolve({
        heard,
        write: (bytes) => new Promise<void>((done) => void socket.write(bytes, () => done())),
        half: () => Promise.resolve(socket.end()),
        close: () => void socket.destroy(),
      }));
    const heard = new Promise<void>((done) => socket.on("close", () => done()));
    socket.on("error", reject);
    socket.resume();
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function close(stream: Deno.Conn): void {
  try {
    stream.close();
  } catch { /* it is closed */ }
}

function filesOf(pid: number): string[] {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return "closed";
    }
  });
}

function useOf(pid: number): { files: number; memory: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return {
    files: filesOf(pid).length,
    memory: Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) * 1024,
  };
}

/** All that was logged, by whomever. */
function logsOf(nodes: readonly Node[]): string {
  const texts = (dir: string): string[] =>
    [...Deno.readDirSync(dir)].flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory) return texts(path);
      return entry.isFile ? [Deno.readTextFileSync(path)] : [];
    });
  return nodes.flatMap(({ dir }) => texts(join(dir, "logs"))).join("\n");
}
