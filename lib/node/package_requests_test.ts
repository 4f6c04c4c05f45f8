import assert from "node:assert/strict";
import { PackageStore } from "../runtime/packages.ts";
import type { Received } from "../wire/link.ts";
import { Client } from "./client.ts";
import { PackageRequests } from "./package_requests.ts";

const ZIP = "_ray_pkg_00.zip";

/** A client whose answers are kept. */
function client(id: string) {
  const answers: unknown[] = [];
  const made = new Client(id);
  const link = {
    reply: (_to: Received, _kind: string, fields: unknown) => answers.push(fields),
    refuse: (_to: Received, error: { code: string }) => answers.push(error.code),
  };
  made.link = link as unknown as Client["link"];
  return { client: made, answers };
}

function part(name: string, offset: number, size: number, text: string): Received {
  const message = { kind: "package.put" as const, name, offset, size };
  return { message, body: new TextEncoder().encode(text), id: 1 };
}

const asked = (name: string): Received => ({
  message: { kind: "package.has", name },
  body: new Uint8Array(0),
  id: 1,
});

async function inStore(test: (store: PackageStore) => void | Promise<void>): Promise<void> {
  const dir = Deno.makeTempDirSync();
  try {
    await test(new PackageStore(dir, { one: 10 }));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("parts in order make a package, of several drivers at a time", () =>
  inStore((store) => {
    const requests = new PackageRequests(store);
    const [one, two] = [client("c1"), client("c2")];
    requests.has(one.client, asked(ZIP));
    requests.put(one.client, part(ZIP, 0, 4, "ab"));
    requests.put(two.client, part(ZIP, 0, 4, "abc"));
    requests.put(one.client, part(ZIP, 2, 4, "cd"));
    requests.put(two.client, part(ZIP, 3, 4, "d"));
    requests.has(one.client, asked(ZIP));
    assert.deepEqual(one.answers, [{ present: false }, {}, {}, { present: true }]);
    assert.deepEqual(two.answers, [{}, {}]);
    assert.equal(Deno.readTextFileSync(store.path(ZIP)), "abcd");
  }));

Deno.test("a part out of order, too much, and a wrong name are refused", () =>
  inStore((store) => {
    const requests = new PackageRequests(store);
    const { client: sender, answers } = client("c1");
    requests.put(sender, part(ZIP, 2, 4, "cd"));
    requests.put(sender, part(ZIP, 0, 4, "abcde"));
    requests.put(sender, part(ZIP, 0, 11, "a"));
    requests.put(sender, part("../a.zip", 0, 1, "a"));
    assert.deepEqual(answers, ["bad_request", "too_large", "too_large", "bad_name"]);
    assert.deepEqual([...Deno.readDirSync(store.dir)], []);
  }));

Deno.test("what a driver had not sent whole goes with it", () =>
  inStore((store) => {
    const requests = new PackageRequests(store);
    const { client: sender } = client("c1");
    requests.put(sender, part(ZIP, 0, 4, "ab"));
    requests.gone(sender);
    assert.deepEqual([...Deno.readDirSync(store.dir)], []);
  }));
