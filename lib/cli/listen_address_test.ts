import assert from "assert";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { UsageError } from "./command.ts";
import { listenHost } from "./listen_address.ts";

const env = (value?: string) => (name: string) => name === "BEAM_LISTEN" ? value : undefined;

Deno.test("a head listens on the cluster's address, and on all only where that is asked for", () => {
  assert.equal(listenHost({ env: env() }), primaryAddress(readNetwork()));
  assert.equal(listenHost({ env: env(), nodeIp: "10.0.0.7" }), "10.0.0.7");
  assert.equal(listenHost({ env: env(""), nodeIp: "10.0.0.7" }), "10.0.0.7");
  assert.equal(listenHost({ env: env("0.0.0.0"), nodeIp: "10.0.0.7" }), "0.0.0.0");
  assert.equal(listenHost({ env: env("0.0.0.0"), flag: "::" }), "::");
});

Deno.test("what is no address is refused by the name it came by", () => {
  for (const [options, name] of [[{ flag: "all" }, "--listen=all"], [{ flag: "" }, "--listen="]]) {
    assert.throws(
      () => listenHost({ ...options as { flag: string }, env: env() }),
      (error: unknown) => error instanceof UsageError && error.message.includes(name as string),
    );
  }
  assert.throws(() => listenHost({ env: env("eth0") }), /BEAM_LISTEN=eth0/);
});
