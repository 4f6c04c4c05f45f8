import assert from "assert";
import { primaryAddress, readNetwork } from "../probe/network.ts";
import { UsageError } from "./command.ts";
import { listenHost, nodeAddress } from "./listen_address.ts";

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

Deno.test("a node's address is one; an interface's name is answered with what it has", () => {
  const eth0 = { interface: "eth0", address: "10.0.0.7", loopback: false, link_local: false };
  const network = () => ({ addresses: [eth0] }) as unknown as ReturnType<typeof readNetwork>;
  assert.equal(nodeAddress(undefined, network), undefined);
  assert.equal(nodeAddress(asked("fd00::7"), network), "fd00::7");
  const mends = {
    eth0: /eth0 has 10\.0\.0\.7/,
    "": /10\.0\.0\.7 \(eth0\)/,
    "0.0.0.0": /eth0/,
    lo: /eth0/,
  };
  for (const [text, mend] of Object.entries(mends)) {
    assert.throws(() => nodeAddress(asked(text, "BEAM_NODE_IP"), network), { mend });
  }
});
