/**
 * A head of one build works with daemons of another, and drivers with a package of a third, as long as all
 * speak one protocol. So nothing that was said under a number changes while the number stays.
 *
 * `testdata/protocol.json` is what the number means. UPDATE_PROTOCOL=1 writes it anew: with a raised
 * PROTOCOL_VERSION, for what was only added, or while no release has that number.
 */
import assert from "assert";
import { MESSAGES, PROTOCOL_VERSION } from "./messages.ts";

type Fields = Record<string, string>;
interface Kept {
  fields: Fields;
  reply?: Fields;
  /** Whether there is one. */
  body: boolean;
  replyBody: boolean;
}
interface Spec {
  fields: Fields;
  reply?: Fields;
  body?: string;
  replyBody?: string;
}

const file = new URL("testdata/protocol.json", import.meta.url);

function present(): Record<string, Kept> {
  const entries = Object.entries(MESSAGES as Record<string, Spec>).map(([kind, spec]) => {
    const { fields, reply, body, replyBody } = spec;
    const bodies = { body: body !== undefined, replyBody: replyBody !== undefined };
    return [kind, { fields, ...(reply && { reply }), ...bodies }];
  });
  return Object.fromEntries(entries);
}

/** What a build that knows `before` would misunderstand, in words. */
function changes(before: Record<string, Kept>, now: Record<string, Kept>): string[] {
  const found: string[] = [];
  const compare = (where: string, was: Fields, is: Fields) => {
    for (const [name, type] of Object.entries(was)) {
      if (is[name] !== type) found.push(`${where}: ${name} was ${type}, is ${is[name] ?? "gone"}`);
    }
    for (const [name, type] of Object.entries(is)) {
      const mayBeAbsent = type.endsWith("?") || type === "any";
      if (!(name in was) && !mayBeAbsent) found.push(`${where}: ${name} is new, and must be there`);
    }
  };
  for (const [kind, was] of Object.entries(before)) {
    const is = now[kind];
    if (!is) found.push(`${kind} is gone`);
    else {
      compare(kind, was.fields, is.fields);
      compare(`answer to ${kind}`, was.reply ?? {}, is.reply ?? {});
      if (was.body !== is.body || was.replyBody !== is.replyBody) found.push(`${kind}: its body`);
    }
  }
  return found;
}

Deno.test("what was said under this number of the protocol is still said", () => {
  const now = { version: PROTOCOL_VERSION, messages: present() };
  if (Deno.env.get("UPDATE_PROTOCOL")) {
    Deno.writeTextFileSync(file, JSON.stringify(now, null, 2) + "\n");
  }
  const kept: typeof now = JSON.parse(Deno.readTextFileSync(file));
  const found = kept.version === PROTOCOL_VERSION ? changes(kept.messages, now.messages) : [];
  const mend = "raise PROTOCOL_VERSION, or where no release has it run this with UPDATE_PROTOCOL=1";
  assert.deepEqual(found, [], mend);
});

Deno.test("what another build would misunderstand is found, what is only new is not", () => {
  const before = {
    a: { fields: { x: "str" }, reply: { y: "int" }, body: false, replyBody: false },
  };
  const { a } = before;
  const with_ = (more: Partial<Kept>) => changes(before, { a: { ...a, ...more } });
  assert.deepEqual(changes(before, { ...before, b: a }), []);
  assert.deepEqual(with_({ fields: { x: "str", z: "int?" } }), []);
  assert.deepEqual(with_({ fields: { x: "str", z: "int" } }), ["a: z is new, and must be there"]);
  assert.deepEqual(with_({ reply: { y: "int?" } }), ["answer to a: y was int, is int?"]);
  assert.deepEqual(with_({ reply: {} }), ["answer to a: y was int, is gone"]);
  assert.deepEqual(with_({ replyBody: true }), ["a: its body"]);
  assert.deepEqual(changes(before, {}), ["a is gone"]);
});
