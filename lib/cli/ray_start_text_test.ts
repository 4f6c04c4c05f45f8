import assert from "assert";
import { openWarning, rayStartText } from "./ray_start_text.ts";

const RECORD = {
  node_ip: "192.0.2.2",
  head_address: "192.0.2.2:6399",
  is_head: true,
  shim_path: "/s",
};

Deno.test("a head's text has the lines that scripts look for", () => {
  const lines = rayStartText({ record: RECORD, block: false }).split("\n").map((line) =>
    line.trim()
  );
  for (
    const line of [
      "Local node IP: 192.0.2.2",
      "Ray runtime started.",
      "To add another node to this Ray cluster, run",
      "ray start --address='192.0.2.2:6399'",
      "To connect to this Ray cluster:",
      "import ray",
      "To terminate the Ray runtime, run",
      "ray stop",
      "To view the status of the cluster, use",
      "ray status",
    ]
  ) assert.ok(lines.includes(line), line);
});

Deno.test("a node's text is short; a token stands in the line that joins", () => {
  const node = rayStartText({ record: { ...RECORD, is_head: false }, block: true });
  assert.doesNotMatch(node, /--address/);
  assert.match(node, /--block/);
  assert.match(
    rayStartText({ record: RECORD, token: "T", block: false }),
    /BEAM_TOKEN=T ray start/,
  );
  assert.doesNotMatch(openWarning("a:1"), /\n/);
});
