import assert from "assert";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { UsageError } from "./command.ts";
import { listenHost } from "./listen_address.ts";

const asked = (text: string, called = "--listen") => ({ called, text });

Deno.test("a head listens on the cluster's address, and on all only where that is asked for", () => {
  assert.equal(listenHost(undefined), primaryAddress(readNetwork()));
  assert.equal(listenHost(undefined, "10.0.0.7"), "10.0.0.7");
  assert.equal(listenHost(asked("0.0.0.0"), "10.0.0.7"), "0.0.0.0");
  assert.equal(listenHost(asked("::")), "::");
});

Deno.test("what is no address is refused by the name it came by", () => {
  for (const [text, called] of [["all", "--listen"], ["", "--listen"], ["eth0", "BEAM_LISTEN"]]) {
    assert.throws(
      () => listenHost(asked(text!, called)),
      (error: unknown) =>
        error instanceof UsageError && error.message.includes(`${called}=${text}`),
    );
  }
});
