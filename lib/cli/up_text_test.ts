import assert from "assert";
import type { DaemonRecord } from "../runtime/records.ts";
import { joinLine, upText } from "./up_text.ts";

const RECORD = {
  node_id: "0123456789abcdef",
  pid: 7,
  node_ip: "10.0.0.1",
  head_address: "10.0.0.1:6379",
  is_head: true,
  shim_path: "/r t/shim/x",
} as DaemonRecord;

Deno.test("a head shows the line that joins; a node does not know whom it would let in", () => {
  const head = upText({ record: RECORD, token: "T", milliseconds: 412 });
  assert.match(head, /^The head is up at 10\.0\.0\.1:6379 .*ready in 0\.4 s/);
  assert.match(head, /^ {2}BEAM_TOKEN=T beam up --join 10\.0\.0\.1:6379$/m);
  assert.match(head, /export PYTHONPATH='\/r t\/shim\/x'\$/);
  const node = upText({ record: { ...RECORD, is_head: false }, token: "T", milliseconds: 1 });
  assert.doesNotMatch(node, /BEAM_TOKEN/);
  assert.equal(joinLine("a:1", undefined), "beam up --join a:1");
});

Deno.test("where a page is served, it is told how to find it", () => {
  const last = (record: DaemonRecord) => upText({ record, milliseconds: 1 }).split("\n").at(-1);
  assert.equal(last(RECORD), "See `beam status`; end this node with `beam down`.");
  assert.equal(
    last({ ...RECORD, dashboard: "127.0.0.1:8265" }),
    "See `beam status`, and `beam dashboard` for a browser; end this node with `beam down`.",
  );
});

Deno.test("the log of a service gets the line without the token", () => {
  const text = upText({ record: RECORD, withheld: true, milliseconds: 1 });
  assert.match(text, /^ {2}BEAM_TOKEN=… beam up --join 10\.0\.0\.1:6379$/m);
  assert.match(text, /`beam token` shows it here/);
  assert.doesNotMatch(text, /open: whoever/);
});
