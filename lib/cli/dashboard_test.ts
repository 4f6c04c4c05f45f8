import assert from "assert";
import { Trouble } from "../runtime/errors.ts";
import type { DaemonRecord } from "../runtime/records.ts";
import { accessOf, accessText } from "./dashboard.ts";

const HEAD = {
  is_head: true,
  head_address: "10.0.0.1:6379",
  dashboard: "127.0.0.1:8265",
  runtime_dir: "/run",
} as DaemonRecord;

function refused(record: DaemonRecord | undefined, token?: string): string {
  try {
    accessOf(record, () => token);
  } catch (error) {
    assert.ok(error instanceof Trouble);
    return error.message;
  }
  return "";
}

Deno.test("on the head's machine the page's address, its token and the way from elsewhere are told", () => {
  const access = accessOf(HEAD, (dir) => `token of ${dir}`);
  assert.deepEqual(access, {
    url: "http://127.0.0.1:8265",
    token: "token of /run",
    loopback: true,
  });
  const text = accessText(access, "gpu1");
  assert.match(text, /^http:\/\/127\.0\.0\.1:8265\nlog in with {2}token of \/run\n/);
  assert.match(text, /ssh -N -L 8265:127\.0\.0\.1:8265 gpu1/);
});

Deno.test("a page that others reach needs no tunnel", () => {
  const access = accessOf({ ...HEAD, dashboard: "10.0.0.1:80" }, () => "t");
  assert.equal(accessText(access, "gpu1"), "http://10.0.0.1:80\nlog in with  t");
});

Deno.test("where there is no page it is said why, or where it is", () => {
  assert.match(refused(undefined), /no node of beam runs here/);
  assert.match(refused({ ...HEAD, is_head: false }, "t"), /on the head's machine, 10\.0\.0\.1$/);
  const { dashboard: _, ...none } = HEAD;
  assert.match(refused(none, "t"), /started without one/);
  assert.equal(
    refused({ ...none, dashboard_fault: "Port 8265 is taken." }, "t"),
    "Port 8265 is taken.",
  );
});
