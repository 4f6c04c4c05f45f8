import assert from "assert";
import { FirstSignal } from "./first_signal.ts";

Deno.test("the first that aborts says why", () => {
  const [one, two] = [new AbortController(), new AbortController()];
  using first = new FirstSignal(undefined, one.signal, two.signal);
  assert.equal(first.signal.aborted, false);
  two.abort(new Error("two"));
  one.abort(new Error("one"));
  assert.match(String(first.signal.reason), /two/);
  using late = new FirstSignal(one.signal, new AbortController().signal);
  assert.match(String(late.signal.reason), /one/);
});

Deno.test("after its end nothing reaches it any more", () => {
  const one = new AbortController();
  const first = new FirstSignal(one.signal);
  first[Symbol.dispose]();
  one.abort(new Error("one"));
  assert.equal(first.signal.aborted, false);
});
