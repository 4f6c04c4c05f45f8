/**
 * The opening of a connection. `stranger`: bytes to a listener or to a dialer, which know the token.
 * `between`: a dialer and a listener that both know it, and somebody on the wire between them who changes,
 * cuts, repeats, holds back and reflects their frames.
 */
import assert from "assert";
import { setImmediate } from "node:timers/promises";
import type * as Frames from "../../../lib/wire/frames.ts";
import type * as Handshake from "../../../lib/wire/handshake.ts";
import type * as Keyrings from "../../../lib/wire/keyring.ts";
import { pipe, PipeEnd } from "../../../lib/wire/_pipe.ts";
import { canonical } from "../canonical.ts";
import type { Target } from "../fuzzer.ts";
import { mutatedFrames } from "./framed.ts";
import { cut, piecesOf } from "./stream.ts";

/** The counted modules. */
export interface OpeningModules {
  frames: typeof Frames;
  handshake: typeof Handshake;
  keyring: typeof Keyrings;
}

const CLUSTER = "c".repeat(56);
const NOW = 1_700_000_000_000;
const ROLES: readonly Handshake.Role[] = ["node", "caller", "relay", "answer", "object", "health"];
/** What an opening may end with. */
const REFUSALS: readonly string[] = ["ProtocolError", "RequestFailed", "LinkClosed"];
/** Turns of the event loop without a byte after which nothing more will come. */
const QUIET = 3;

interface Side {
  opened?: Handshake.Opened;
  refusal?: string;
}

/** What a side came to. @throws what no opening may end with */
async function sideOf(opening: Promise<Handshake.Opened>): Promise<Side> {
  try {
    return { opened: await opening };
  } catch (error) {
    const { name, message } = error as Error;
    if (!REFUSALS.includes(name)) throw error;
    assert.ok(message.length < 1024, `a refusal of ${message.length} characters`);
    return { refusal: message };
  }
}

function closeQuietly(...ends: PipeEnd[]): void {
  for (const end of ends) if (!end.closed) end.close();
}

function parties({ handshake, keyring }: OpeningModules) {
  const keys = new keyring.Keyring("secret");
  const identity = { build: "fuzz", keys, cluster: CLUSTER };
  return {
    dial: (stream: PipeEnd, role: Handshake.Role) =>
      handshake.dial(stream, { identity, role, peer: "the listener" }),
    accept: (stream: PipeEnd) =>
      handshake.accept(stream, { identity, peer: "the dialer", now: NOW, roles: ROLES }),
  };
}

/** What both say when nobody interferes: for seeds. */
async function said(
  modules: OpeningModules,
): Promise<{ dialer: Uint8Array[]; listener: Uint8Array[] }> {
  const { dial, accept } = parties(modules);
  const [one, other] = pipe();
  await Promise.all([dial(one, "node"), accept(other)]);
  return { dialer: one.written, listener: other.written };
}

/** See the top of this file. */
export async function stranger(modules: OpeningModules): Promise<Target> {
  const { dial, accept } = parties(modules);
  const { dialer, listener } = await said(modules);
  const hello = (fields: Record<string, unknown>) =>
    modules.frames.encodeFrame({
      kind: "hello",
      protocol: 1,
      build: "b",
      role: "caller",
      nonce: new Uint8Array(32),
      secured: true,
      ...fields,
    });
  const listened = [
    ...dialer,
    hello({ ticket: `${NOW + 1000}:` }),
    hello({ ticket: "never", key: "x" }),
    hello({ join: "j", role: "node" }),
    hello({ protocol: 2 }),
    hello({ cluster: "other" }),
    hello({ secured: false }),
    modules.frames.encodeFrame({ kind: "refused", code: "c", message: "m", mend: "d" }),
  ];
  return {
    name: "stranger",
    seeds: [
      ...listened.map((part) => cut(0, new Uint8Array([0]), part)),
      cut(0, new Uint8Array([0]), ...dialer),
      cut(0, new Uint8Array([1]), ...listener),
      ...listened.map((part) => cut(1, new Uint8Array([1]), part)),
    ],
    most: 8192,
    mutation(input, random, around) {
      const stream = mutatedFrames(cut(input[0] ?? 0, input.subarray(2)), random, around);
      return cut(stream[0]!, new Uint8Array([input[1] ?? 0]), stream.subarray(1));
    },
    steps: ({ length }) => 20_000 + 400 * length,
    // What is read, what it is gathered in, and the refusal in words: four times what may be sent.
    room: () => 16 * 1024,
    async run(input) {
      const listens = (input[1] ?? 0) % 2 === 0;
      const [us, them] = pipe();
      for (const piece of piecesOf(cut(input[0] ?? 0, input.subarray(2)))) await them.write(piece);
      await them.closeWrite();
      const { opened } = await sideOf(listens ? accept(us) : dial(us, "node"));
      assert.equal(opened, undefined, "somebody without the token was let in");
      assert.ok(us.closed, "the stream stays open after a refusal");
      closeQuietly(us, them);
    },
  };
}

/** One frame as it crosses. */
type Change = (frame: Uint8Array, at: number, value: number) => Uint8Array[] | "hold" | "reflect";

const CHANGES: readonly Change[] = [
  (frame, at, value) => [frame.with(at % frame.length, value)],
  (frame, at, value) => [frame.with(at % frame.length, frame[at % frame.length]! ^ (value || 1))],
  (frame, at) => [frame.subarray(0, at % frame.length)],
  (frame) => [frame, frame],
  () => "hold",
  () => "reflect",
  (
    frame,
    at,
    value,
  ) => [
    frame.subarray(0, at % frame.length),
    new Uint8Array(value),
    frame.subarray(at % frame.length),
  ],
  (frame, at) => [frame.subarray(at % frame.length)],
  (
    frame,
    at,
    value,
  ) => [
    new Uint8Array([
      ...frame.subarray(0, 12),
      ...new Uint8Array(value).fill(at),
      ...frame.subarray(12),
    ]),
  ],
];

/** See the top of this file. An input is four bytes for each change: which frame, which change, where, what. */
export function between(modules: OpeningModules): Target {
  const { dial, accept } = parties(modules);
  return {
    name: "between",
    seeds: [
      new Uint8Array(0),
      ...CHANGES.flatMap((_, change) =>
        [0, 1, 2, 3].map((frame) => new Uint8Array([frame, change, 20, 7]))
      ),
    ],
    most: 64,
    steps: () => 60_000,
    room: () => 64 * 1024,
    async run(input) {
      const [dialer, nearDialer] = pipe();
      const [nearListener, listener] = pipe();
      const traffic = { count: 0, done: false };
      const carry = async (from: PipeEnd, to: PipeEnd) => {
        const buffer = new Uint8Array(4096);
        for (;;) {
          const count = await from.read(buffer).catch(() => null);
          if (count === null) return closeQuietly(to);
          const frame = buffer.slice(0, count);
          const number = traffic.count++;
          let sent: Uint8Array[] = [frame];
          for (let op = 0; op + 3 < input.length; op += 4) {
            const [which, change, at, value] = input.subarray(op, op + 4) as unknown as number[];
            if (which! % 4 !== number) continue;
            const made = CHANGES[change! % CHANGES.length]!(frame, at!, value!);
            if (made === "hold") sent = [];
            else if (made === "reflect") await from.write(frame).catch(() => {}), sent = [];
            else sent = made;
          }
          for (const bytes of sent) await to.write(bytes).catch(() => {});
        }
      };
      const carried = [carry(nearDialer, nearListener), carry(nearListener, nearDialer)];
      const watch = (async () => {
        for (let quiet = 0, last = -1; quiet < QUIET && !traffic.done; quiet++) {
          if (traffic.count !== last) quiet = 0;
          last = traffic.count;
          await setImmediate();
        }
        closeQuietly(nearDialer, nearListener);
      })();
      const [one, other] = await Promise.all([
        sideOf(dial(dialer, "node")),
        sideOf(accept(listener)),
      ]);
      traffic.done = true;
      closeQuietly(dialer, listener);
      await Promise.all([watch, ...carried]);
      if (one.opened && other.opened) {
        for (const fact of ["role", "cluster", "secret"] as const) {
          assert.equal(
            canonical(one.opened[fact]),
            canonical(other.opened[fact]),
            `they differ on the ${fact}`,
          );
        }
      }
      if (input.length < 4) assert.ok(one.opened && other.opened, one.refusal ?? other.refusal);
    },
  };
}
