import assert from "assert";
import { shimFiles } from "./assets.ts";
import { RAY_VERSION } from "./ray_version.ts";

Deno.test("the package's distribution record has the version that the command line reports", async () => {
  const folders = (await shimFiles()).flatMap(({ path }) =>
    /^(ray-.*\.dist-info)\//.exec(path)?.[1] ?? []
  );
  assert.deepEqual([...new Set(folders)], [`ray-${RAY_VERSION}.dist-info`]);
});
