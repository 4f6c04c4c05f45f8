/**
 * Connections that no right client makes, drawn from a seed: what is sent, in which pieces, with what
 * pauses, and how it ends. What is sent is something right for one of beam's ports, changed or not.
 */
import { Encoder } from "msgpack";
import { encodeFrame } from "../../lib/wire/frames.ts";
import { PROTOCOL_VERSION } from "../../lib/wire/messages.ts";
import { mutated } from "./mutations.ts";
import { Random } from "./random.ts";

/** One connection. Times in milliseconds. */
export interface RawSession {
  /** Sent one after the other, with a pause before each. */
  pieces: { after: number; bytes: Uint8Array }[];
  /** What its bytes were made from, for sentences. */
  from: string;
  end: "close" | "half" | "listen" | "hold";
}

const MOST = 256 * 1024;
const encoder = new TextEncoder();

function http(line: string, headers: string[] = ["Host: localhost"], body = ""): Uint8Array {
  return encoder.encode(`${line}\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function frame(header: Record<string, unknown> & { kind: string }, body = 0): Uint8Array {
  return encodeFrame(header, new Uint8Array(body));
}

function prefix(header: number, body: bigint): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(0, header);
  new DataView(bytes.buffer).setBigUint64(4, body);
  return bytes;
}

function hello(change: Record<string, unknown> = {}): Uint8Array {
  const nonce = new Uint8Array(32).fill(7);
  const build = "0.1.0";
  const known = { protocol: PROTOCOL_VERSION, build, role: "node", nonce, secured: true };
  return frame({ kind: "hello", ...known, key: "0".repeat(16), ...change });
}

function record(type: number, body: Uint8Array, length = body.length): Uint8Array {
  return joined(new Uint8Array([type, 3, 1, length >> 8, length & 255]), body);
}

/** A ClientHello of TLS 1.3 with one cipher, and a key that is none. */
function clientHello(): Uint8Array {
  const extension = (type: number, ...bytes: number[]) => [
    type >> 8,
    type & 255,
    bytes.length >> 8,
    bytes.length & 255,
    ...bytes,
  ];
  const name = [...encoder.encode("head.beam.internal")];
  const extensions = [
    ...extension(0, 0, name.length + 3, 0, 0, name.length, ...name),
    ...extension(10, 0, 2, 0, 29),
    ...extension(13, 0, 4, 8, 7, 4, 3),
    ...extension(43, 2, 3, 4),
    ...extension(51, 0, 36, 0, 29, 0, 32, ...new Array<number>(32).fill(9)),
  ];
  const { length } = extensions;
  const random = new Array<number>(32).fill(5);
  const body = [
    3,
    3,
    ...random,
    0,
    0,
    2,
    0x13,
    0x01,
    1,
    0,
    length >> 8,
    length & 255,
    ...extensions,
  ];
  return record(22, new Uint8Array([1, 0, body.length >> 8, body.length & 255, ...body]));
}

const WEBSOCKET = [
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

const SEEDS: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(0),
  zeros: new Uint8Array(5000),
  get: http("GET / HTTP/1.1"),
  health: http("GET /healthz HTTP/1.0"),
  "no version": encoder.encode("GET /\r\n\r\n"),
  "another version": http("GET / HTTP/9.9"),
  "bare line feeds": encoder.encode("GET /healthz HTTP/1.1\nHost: localhost\n\n"),
  "no end": encoder.encode("GET / HTTP/1.1\r\nHost: localhost\r\nX: "),
  "two lengths": http("POST /api/jobs/ HTTP/1.1", [
    "Host: localhost",
    "Content-Length: 5",
    "Content-Length: 60",
  ], "{}{}{"),
  "length and chunks": http("POST /api/jobs/ HTTP/1.1", [
    "Host: localhost",
    "Content-Length: 4",
    "Transfer-Encoding: chunked",
  ], "0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  "strange chunks": http("POST /api/jobs/ HTTP/1.1", [
    "Host: localhost",
    "Transfer-Encoding: \tchunked, identity",
  ], "ffffffffffffffff\r\n{}\r\n-1\r\n\r\n"),
  "negative length": http("PUT /api/packages/gcs/x.zip HTTP/1.1", [
    "Host: localhost",
    "Content-Length: -1",
  ], "PK"),
  "a body that never comes": http("POST /api/jobs/ HTTP/1.1", [
    "Host: localhost",
    "Content-Length: 8000000",
    "Expect: 100-continue",
  ], '{"entrypoint"'),
  pipelined: joined(...Array.from({ length: 50 }, () => http("GET /healthz HTTP/1.1"))),
  "many headers": http(
    "GET / HTTP/1.1",
    Array.from({ length: 2000 }, (_, at) => `X-${at}: ${at}`),
  ),
  "a long header": http("GET / HTTP/1.1", ["Host: localhost", `X: ${"y".repeat(100_000)}`]),
  "a long path": http(`GET /${"a/../".repeat(10_000)} HTTP/1.1`),
  "a path outside": http("GET /../../../etc/passwd%00%2e%2e/ HTTP/1.1"),
  "another's address": http("GET http://example.com/ HTTP/1.1", ["Host: example.com"]),
  connect: http("CONNECT localhost:22 HTTP/1.1"),
  "folded header": http("GET / HTTP/1.1", ["Host: localhost", "X: a", " b", "No colon", ": none"]),
  "zeros in a header": http("GET / HTTP/1.1", [
    "Host: localhost\0",
    "Authorization: Bearer \0\xff",
  ]),
  websocket: joined(http("GET / HTTP/1.1", WEBSOCKET), new Uint8Array([0x81, 0xff, 0, 0, 0, 0])),
  "HTTP/2": joined(encoder.encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), new Uint8Array(200)),
  "client hello": clientHello(),
  "half a client hello": clientHello().subarray(0, 60),
  "client hello, then an alert": joined(clientHello(), record(21, new Uint8Array([2, 40]))),
  "client hello, then data": joined(clientHello(), record(23, new Uint8Array(2000))),
  alert: record(21, new Uint8Array([1, 0])),
  "a record that promises more": record(22, new Uint8Array(10), 0xffff),
  "many empty records": joined(...Array.from({ length: 500 }, () => record(22, new Uint8Array(0)))),
  hello: hello(),
  "an open hello": hello({ secured: false, key: undefined }),
  "a hello to join": hello({ key: undefined, join: "f".repeat(16) }),
  "a hello of nulls": hello({ key: null, join: null, cluster: null }),
  "another protocol": hello({ protocol: 999, build: "\u001b[31m\n" }),
  "a strange role": hello({ role: "__proto__" }),
  "hello and a guess": joined(hello(), frame({ kind: "proof", proof: new Uint8Array(32) })),
  "hellos without end": joined(...Array.from({ length: 100 }, () => hello())),
  "a caller's hello": joined(
    hello({ role: "caller" }),
    frame({ kind: "splice", actor_id: "a", incarnation: 0 }),
  ),
  "an object's hello": joined(
    hello({ role: "object" }),
    frame({ kind: "file.want", source: "object", name: "../../etc/passwd", offset: -1 }),
  ),
  "a frame that promises more": joined(prefix(4096, 0n), new Uint8Array(100)),
  "a frame too long": prefix(2 ** 32 - 1, 2n ** 64n - 1n),
  "a body for a stranger": joined(prefix(10, 2n ** 33n), new Uint8Array(1000)),
  "an empty frame": prefix(0, 0n),
  "lists in each other": (() => {
    const header = new Uint8Array(4000).fill(0x91);
    return joined(prefix(header.length, 0n), header);
  })(),
  "no message": (() => {
    const header = new Encoder().encode(["hello", 1]);
    return joined(prefix(header.length, 0n), header);
  })(),
};
const NAMES = Object.keys(SEEDS);

/** The first of `seed` are the seeds of sessions as they are; all that follow are changed. */
export function* rawSessions(seed: number): Generator<RawSession, never> {
  const random = new Random(seed);
  const ends = ["close", "half", "listen", "hold"] as const;
  const around = { words: Object.values(SEEDS), others: Object.values(SEEDS), most: MOST };
  for (const from of NAMES) {
    yield { from, pieces: [{ after: 0, bytes: SEEDS[from]! }], end: "listen" };
  }
  while (true) {
    const from = random.of(NAMES);
    const bytes = random.once(4) ? SEEDS[from]! : mutated(SEEDS[from]!, random, around);
    yield { from, pieces: cut(bytes, random), end: random.of(ends) };
  }
}

/** Mostly whole; else in a few pieces, or byte by byte for a while. */
function cut(bytes: Uint8Array, random: Random): RawSession["pieces"] {
  if (random.once(2)) return [{ after: 0, bytes }];
  const pieces: RawSession["pieces"] = [];
  const most = random.once(4) ? 1 : 1 + random.below(bytes.length + 1);
  let at = 0;
  while (at < bytes.length && pieces.length < 20) {
    const end = Math.min(bytes.length, at + 1 + random.below(most));
    pieces.push({ after: random.below(20), bytes: bytes.subarray(at, end) });
    at = end;
  }
  return [...pieces, { after: 0, bytes: bytes.subarray(at) }];
}
