import assert from "assert";
import { HeadProcess } from "./head_process.ts";

Deno.test("an executable that was taken away under a node is named, with what to do", async () => {
  const head = new HeadProcess({
    command: ["/taken/away/beam", "head"],
    env: {},
    config: { listen: { host: "127.0.0.1", port: 0 }, runtime_dir: "/nowhere" },
    log() {},
  });
  await assert.rejects(head.start(), {
    message: "Cannot start the head: /taken/away/beam, which runs here, is not there any more",
    mend: /`beam up --replace` with the beam that is there now/,
  });
});
