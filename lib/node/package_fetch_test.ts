import assert from "node:assert/strict";
import { PackageStore } from "../runtime/packages.ts";
import { RequestFailed } from "../wire/errors.ts";
import { fetchPackage, type PackageFetchHost } from "./package_fetch.ts";

const ZIP = "_ray_pkg_00.zip";
const NEVER = new AbortController().signal;

/** A node whose peers `having` have the package. */
async function onNode(
  having: string[],
  test: (host: PackageFetchHost, asked: string[]) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  const asked: string[] = [];
  const nodes = ["own", "driver", "other", "head"].map((node_id) => ({
    node_id,
    alive: node_id !== "other",
    is_head: node_id === "head",
  }));
  const host: PackageFetchHost = {
    node_id: () => "own",
    node_ip: () => "10.0.0.1",
    store: new PackageStore(dir),
    courier: {
      async fetch({ node, source }, path) {
        asked.push(`${source} of ${node}`);
        if (!having.includes(node)) throw new RequestFailed("object_lost", `not on ${node}`);
        await Deno.writeTextFile(path, node);
        return node.length;
      },
    },
    asks: {
      askOwn: () => {
        const body = new TextEncoder().encode(JSON.stringify(nodes));
        return Promise.resolve({ fields: { count: nodes.length }, body }) as never;
      },
    },
  };
  try {
    await test(host, asked);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("the driver's node is asked first", () =>
  onNode(["driver", "head"], async (host, asked) => {
    await fetchPackage(host, ZIP, "driver", NEVER);
    assert.equal(Deno.readTextFileSync(host.store.path(ZIP)), "driver");
    assert.deepEqual(asked, ["package of driver"]);
  }));

Deno.test("then the others that live, the head's before them, each once", () =>
  onNode(["head"], async (host, asked) => {
    await fetchPackage(host, ZIP, "driver", NEVER);
    assert.equal(Deno.readTextFileSync(host.store.path(ZIP)), "head");
    assert.deepEqual(asked, ["package of driver", "package of head"]);
  }));

Deno.test("where nobody has it, that is said, and nothing is left", () =>
  onNode([], async (host, asked) => {
    await assert.rejects(fetchPackage(host, ZIP, "own", NEVER), (error: RequestFailed) => {
      assert.equal(error.code, "environment");
      assert.match(
        error.message,
        /gcs:\/\/_ray_pkg_00\.zip to 10\.0\.0\.1: no node .*not on head/,
      );
      return true;
    });
    assert.deepEqual(asked, ["package of head", "package of driver"]);
    assert.deepEqual([...Deno.readDirSync(host.store.dir)], []);
  }));
