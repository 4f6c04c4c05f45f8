/** What the doctor finds of a node that joins a healthy cluster and does not fit it. */
import assert from "assert";
import { join } from "node:path";
import { theme } from "../e2e/harness/scenario.ts";
import { lacking } from "../faults/harness/machines.ts";
import { onlyFinding } from "./harness/examined.ts";
import { Clinic } from "./harness/clinic.ts";

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: what the doctor finds of nodes: ${lacks}`);

let clinic: Clinic;
// The last to run: what is registered later runs before.
Deno.test.afterAll(() => clinic?.machines[Symbol.dispose]());
const { place, test } = theme("doctor, nodes", async (place) => {
  clinic = new Clinic(place);
  await clinic.open();
});

function tried(name: string, run: () => Promise<void>): void {
  if (lacks === undefined) test(name, run);
  else Deno.test({ name: `doctor, nodes: ${name}`, ignore: true, fn: run });
}

tried("one like the others", async () => {
  assert.deepEqual((await clinic.visit()).findings, []);
});

tried("one with an address of another network", async () => {
  clinic.machines.join("192.168.77", { device: "mgmt0", machines: [3] });
  try {
    const { seen, mend } = onlyFinding(await clinic.visit({ ip: "192.168.77.3" }), "BD058");
    assert.match(seen, /192\.168\.77\.3.*10\.79\.0\.3/);
    assert.match(mend, /--node-ip 10\.79\.0\.3/);
  } finally {
    clinic.machines.ip(3, "link", "del", "mgmt0");
  }
});

tried("one with an address of loopback", async () => {
  const { seen } = onlyFinding(await clinic.visit({ ip: "127.0.1.1" }), "BD059");
  assert.match(seen, /127\.0\.1\.1/);
});

tried("one with the address of a container's bridge", async () => {
  for (const at of [1, 2, 3]) {
    clinic.machines.ip(at, "link", "add", "docker0", "type", "bridge");
    clinic.machines.ip(at, "addr", "add", "172.17.0.1/16", "dev", "docker0");
    clinic.machines.ip(at, "link", "set", "docker0", "up");
  }
  try {
    const { seen } = onlyFinding(await clinic.visit({ ip: "172.17.0.1" }), "BD059");
    assert.match(seen, /docker0/);
  } finally {
    for (const at of [1, 2, 3]) clinic.machines.ip(at, "link", "del", "docker0");
  }
});

const faketime = Deno.env.get("BEAM_FAKETIME");
if (!faketime) {
  console.log("not tried: clocks that differ: there is no libfaketime (BEAM_FAKETIME)");
} else {
  tried("one whose clock is wrong", async () => {
    const env = { LD_PRELOAD: faketime, FAKETIME: "-90s", DONT_FAKE_MONOTONIC: "1" };
    const { seen, node } = onlyFinding(await clinic.visit({ env }), "BD064");
    assert.match(seen, /90 s behind/);
    assert.match(node!, /10\.79\.0\.3/);
  });
}

/** A folder with what an installed distribution leaves. */
function installed(name: string, version: string): string {
  const folder = join(place.dir, `${name}-${version}`);
  const info = join(folder, `${name}-${version}.dist-info`);
  Deno.mkdirSync(info, { recursive: true });
  Deno.writeTextFileSync(
    join(info, "METADATA"),
    `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
  );
  return folder;
}
